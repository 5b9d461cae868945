/** The certificates that the configuration names, each read again when its files change. */
import type { Logger } from '@compute/runtime';
import type { ApiConfig } from './api-config.ts';
import { CertificateFiles, type TlsFileNames } from './certificate-files.ts';

export interface Certificates {
  /** Of REST. */
  readonly shared: CertificateFiles | undefined;
  /** The same with the authorities of clients. */
  readonly grpc: CertificateFiles | undefined;
  readonly kube: CertificateFiles | undefined;
  close(): void;
}

/** Throws when a file cannot be read, or a key does not belong to its certificate. */
export async function openCertificates(config: ApiConfig, logger: Logger): Promise<Certificates> {
  const { tlsCertFile, tlsKeyFile, grpcClientCaFile, kubeTlsCertFile, kubeTlsKeyFile } = config;
  const open = (names: TlsFileNames | undefined): Promise<CertificateFiles> | undefined =>
    names && CertificateFiles.open(names, (err) => logger.event('tls.unreadable', { err }));
  const [shared, grpc, kube] = await Promise.all([
    open(pairOf(tlsCertFile, tlsKeyFile)),
    open(pairOf(tlsCertFile, tlsKeyFile, grpcClientCaFile)),
    open(pairOf(kubeTlsCertFile, kubeTlsKeyFile)),
  ]);
  const close = (): void => {
    for (const files of [shared, grpc, kube]) files?.close();
  };
  return { shared, grpc, kube, close };
}

function pairOf(certFile: string | undefined, keyFile: string | undefined, caFile?: string): TlsFileNames | undefined {
  return certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile, caFile };
}
