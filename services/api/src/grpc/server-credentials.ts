/** TLS of the gRPC server, following the files; with client authorities, mutual. */
import { experimental, ServerCredentials } from '@grpc/grpc-js';
import type { CertificateFiles } from '../certificate-files.ts';

type Provider = Parameters<typeof experimental.createCertificateProviderServerCredentials>[0];
type IdentityListener = Parameters<Provider['addIdentityCertificateListener']>[0];
type CaListener = Parameters<Provider['addCaCertificateListener']>[0];

/** Without files the server is plain. */
export function serverCredentials(files: CertificateFiles | undefined): ServerCredentials {
  if (!files) return ServerCredentials.createInsecure();
  const provider = new FilesProvider(files);
  const isMutual = files.material.ca !== undefined;
  // The library names its first two parameters the wrong way round: identity comes first.
  return experimental.createCertificateProviderServerCredentials(provider, isMutual ? provider : null, isMutual);
}

class FilesProvider implements Provider {
  readonly #files: CertificateFiles;
  readonly #ends = new Map<IdentityListener | CaListener, () => void>();

  constructor(files: CertificateFiles) {
    this.#files = files;
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    const tell = (): void => {
      const { cert, key } = this.#files.material;
      listener({ certificate: Buffer.from(cert), privateKey: Buffer.from(key) });
    };
    this.#follow(listener, tell);
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#follow(listener, () => listener({ caCertificate: Buffer.from(this.#files.material.ca ?? '') }));
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#ends.get(listener)?.();
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#ends.get(listener)?.();
  }

  /** Now, and with every change. Not within the call: the listener is not ready for it. */
  #follow(listener: IdentityListener | CaListener, tell: () => void): void {
    this.#ends.set(listener, this.#files.onChange(tell));
    queueMicrotask(tell);
  }
}
