import { Controller, Get } from '@nestjs/common';
import { CatalogueService } from '../application/catalogue-service.ts';

/** What can be chosen. Short lists: one page. */
@Controller('v1')
export class CatalogueController {
  readonly #catalogue: CatalogueService;

  constructor(catalogue: CatalogueService) {
    this.#catalogue = catalogue;
  }

  @Get('instance-types')
  instanceTypes() {
    return page(this.#catalogue.instanceTypes);
  }

  @Get('instance-profiles')
  instanceProfiles() {
    return page(this.#catalogue.instanceProfiles);
  }

  @Get('storage-classes')
  storageClasses() {
    return page(this.#catalogue.storageClasses);
  }

  @Get('images')
  images() {
    return page(this.#catalogue.images);
  }
}

const page = <T>(items: readonly T[]) => ({ items, nextPageToken: '' });
