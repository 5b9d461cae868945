/**
 * A certificate in files, read again when they change, so that a renewed one needs no restart. What cannot be read or
 * does not fit together is told and not used.
 */
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

/** PEM texts. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  /** Authorities of clients; with it, clients need a certificate. */
  readonly ca?: string;
}

export interface TlsFileNames {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile?: string | undefined;
}

type Listener = (material: TlsMaterial) => void;

const LOOK_EVERY_MS = 5_000;

export class CertificateFiles {
  readonly #names: TlsFileNames;
  readonly #onError: (error: unknown) => void;
  readonly #listeners = new Set<Listener>();
  readonly #timer: NodeJS.Timeout;
  #material: TlsMaterial;

  private constructor(names: TlsFileNames, material: TlsMaterial, everyMs: number, onError: (error: unknown) => void) {
    this.#names = names;
    this.#material = material;
    this.#onError = onError;
    this.#timer = setInterval(() => void this.#look(), everyMs);
    this.#timer.unref();
  }

  /** Throws when a file cannot be read or certificate and key do not belong together. */
  static async open(
    names: TlsFileNames,
    onError: (error: unknown) => void,
    everyMs = LOOK_EVERY_MS,
  ): Promise<CertificateFiles> {
    return new CertificateFiles(names, await readMaterial(names), everyMs, onError);
  }

  get material(): TlsMaterial {
    return this.#material;
  }

  /** Tells each new certificate; returns the function that ends it. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
  }

  /** Files of a renewal arrive one after the other: what does not fit yet is looked at again. */
  async #look(): Promise<void> {
    try {
      const found = await readMaterial(this.#names);
      const { cert, key, ca } = this.#material;
      if (found.cert === cert && found.key === key && found.ca === ca) return;
      this.#material = found;
      for (const listener of this.#listeners) listener(found);
    } catch (error) {
      this.#onError(error);
    }
  }
}

async function readMaterial({ certFile, keyFile, caFile }: TlsFileNames): Promise<TlsMaterial> {
  const files = [certFile, keyFile, ...(caFile === undefined ? [] : [caFile])];
  const [cert = '', key = '', ca] = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  const material = { cert, key, ...(ca === undefined ? {} : { ca }) };
  createSecureContext(material);
  return material;
}
