/**
 * Server reflection (v1 and v1alpha) over the descriptors that buf compiled. Served from the descriptors as they are:
 * rebuilding them would lose their imports, and strict clients refuse that.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createFileRegistry, type DescFile, type FileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { type Server, type ServerDuplexStream, type ServiceDefinition, status } from '@grpc/grpc-js';
import { load } from '@grpc/proto-loader';
import { forgiving } from './readable-requests.ts';

const VERSIONS = ['v1', 'v1alpha'] as const;

interface ReflectionRequest {
  readonly host: string;
  readonly messageRequest?:
    | 'fileByFilename'
    | 'fileContainingSymbol'
    | 'fileContainingExtension'
    | 'allExtensionNumbersOfType'
    | 'listServices';
  readonly fileByFilename?: string;
  readonly fileContainingSymbol?: string;
  readonly fileContainingExtension?: { readonly containingType: string; readonly extensionNumber: number };
  readonly allExtensionNumbersOfType?: string;
}

/** Answers with the names of the services that it tells of. */
export async function addReflection(server: Server, descriptorSet: Uint8Array): Promise<readonly string[]> {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  const services = [...registry].flatMap((entry) => (entry.kind === 'service' ? [entry.typeName] : []));
  const answer = answerer(registry, services);
  const protos = join(
    dirname(createRequire(import.meta.url).resolve('@grpc/reflection/package.json')),
    'build/proto/grpc/reflection',
  );
  for (const version of VERSIONS) {
    const loaded = await load(join(protos, version, 'reflection.proto'), {
      longs: String,
      enums: String,
      defaults: true,
      oneofs: true,
    });
    const definition = loaded[`grpc.reflection.${version}.ServerReflection`] as ServiceDefinition;
    server.addService(forgiving(definition, {}), {
      ServerReflectionInfo: (stream: ServerDuplexStream<ReflectionRequest, object>) => {
        stream.on('data', (request: ReflectionRequest) =>
          stream.write({ validHost: request.host, originalRequest: request, ...answer(request) }),
        );
        stream.on('end', () => stream.end());
      },
    });
  }
  return services;
}

function answerer(registry: FileRegistry, services: readonly string[]): (request: ReflectionRequest) => object {
  return (request) => {
    switch (request.messageRequest) {
      case 'listServices':
        return { listServicesResponse: { service: services.map((name) => ({ name })) } };
      case 'fileByFilename':
        return fileAnswer(registry.getFile((request.fileByFilename ?? '').replace(/\.proto$/, '')));
      case 'fileContainingSymbol':
        return fileAnswer(fileOfSymbol(registry, request.fileContainingSymbol ?? ''));
      case 'fileContainingExtension': {
        const { containingType = '', extensionNumber = 0 } = request.fileContainingExtension ?? {};
        const message = registry.getMessage(containingType);
        return fileAnswer(message && registry.getExtensionFor(message, extensionNumber)?.file);
      }
      case 'allExtensionNumbersOfType':
        return extensionNumbers(registry, request.allExtensionNumbersOfType ?? '');
      default:
        return { errorResponse: { errorCode: status.UNIMPLEMENTED, errorMessage: 'unknown request' } };
    }
  };
}

/** The file with everything that it imports. */
function fileAnswer(file: DescFile | undefined): object {
  if (!file) return { errorResponse: { errorCode: status.NOT_FOUND, errorMessage: 'not found' } };
  return { fileDescriptorResponse: { fileDescriptorProto: [...withImports(file, new Map()).values()] } };
}

function withImports(file: DescFile, found: Map<string, Uint8Array>): Map<string, Uint8Array> {
  if (found.has(file.proto.name)) return found;
  found.set(file.proto.name, toBinary(FileDescriptorProtoSchema, file.proto));
  for (const imported of file.dependencies) withImports(imported, found);
  return found;
}

/** A method or a field is found by what holds it. */
function fileOfSymbol(registry: FileRegistry, symbol: string): DescFile | undefined {
  for (let name = symbol; name !== ''; name = name.slice(0, Math.max(0, name.lastIndexOf('.')))) {
    const found =
      registry.getMessage(name) ?? registry.getEnum(name) ?? registry.getService(name) ?? registry.getExtension(name);
    if (found) return found.file;
  }
  return undefined;
}

function extensionNumbers(registry: FileRegistry, type: string): object {
  const extensionNumber = [...registry].flatMap((entry) =>
    entry.kind === 'extension' && entry.extendee.typeName === type ? [entry.number] : [],
  );
  return { allExtensionNumbersResponse: { baseTypeName: type, extensionNumber } };
}
