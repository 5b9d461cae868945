/**
 * Everything that a disk can fail of. The codes are public: programs act on them, pages and documents are named after
 * them. A code is never renamed and never given another meaning.
 */
import type { FailureReport } from '../resource.ts';
import { type FailureEntry, type FailureWords, failureReport } from './failure-entry.ts';

export const DISK_FAILURES = {
  SourceNotFound: {
    message: 'The server says that there is no file at the URL.',
    cause: 'The server answered 404.',
    remedy: 'Correct the URL and make the disk anew, or put the file there and retry.',
    retryable: true,
    concerns: 'user',
  },
  SourceGone: {
    message: 'The server says that the file has been removed for good.',
    cause: 'The server answered 410: publishers do that when a release is withdrawn.',
    remedy: 'Look for a newer release and make the disk anew with its URL.',
    retryable: true,
    concerns: 'user',
  },
  SourceForbidden: {
    message: 'The server refuses to hand out the file.',
    cause: 'The server answered 401, 403 or 407: the file needs a login, or a signed URL has expired.',
    remedy: 'Use a URL that can be read without logging in, or open it and retry.',
    retryable: true,
    concerns: 'user',
  },
  SourceRefused: {
    message: 'The server refuses the download.',
    cause: 'The server answered with another error of the 400s, or with something that is no HTTP.',
    remedy: 'Open the URL yourself to see why, then retry.',
    retryable: true,
    concerns: 'user',
  },
  SourceRedirects: {
    message: 'The server sends the download from one address to the next without end.',
    cause: 'More than ten redirects followed one another.',
    remedy: 'Use the address at which the file really is.',
    retryable: true,
    concerns: 'user',
  },
  SourceServerError: {
    message: 'The server that has the file is failing.',
    cause: 'The server answered with an error of the 500s, on every attempt.',
    remedy: 'Retry when the server is well again, or use another mirror.',
    retryable: true,
    concerns: 'user',
  },
  SourceHostNotFound: {
    message: 'The host name in the URL cannot be found.',
    cause: 'The name server knows no address for it.',
    remedy: 'Check the host name; if it is right, see that the platform can resolve it, then retry.',
    retryable: true,
    concerns: 'user',
  },
  SourceUnreachable: {
    message: 'Nothing answers at the address of the URL.',
    cause: 'The connection was refused, or there is no way to the address.',
    remedy: 'Check host and port; see that the server is up, then retry.',
    retryable: true,
    concerns: 'user',
  },
  SourceAddressForbidden: {
    message: 'The host of the URL leads to a private address, from which nothing is imported.',
    cause:
      'The name was checked when the disk was accepted and again when the connection was made; now it leads to a private, loopback or link-local address.',
    remedy: 'Use a host that is reachable from the Internet.',
    retryable: true,
    concerns: 'user',
  },
  SourceCertificateUntrusted: {
    message: "The server's certificate is signed by nobody whom the platform trusts.",
    cause: 'The certificate is self-signed, or its authority or an intermediate certificate is not known.',
    remedy: 'Give the server a certificate of a public authority with its whole chain, then retry.',
    retryable: true,
    concerns: 'user',
  },
  SourceCertificateExpired: {
    message: "The server's certificate has expired or is not valid yet.",
    cause: 'Today lies outside the time for which the certificate was issued.',
    remedy: 'Renew the certificate, then retry.',
    retryable: true,
    concerns: 'user',
  },
  SourceCertificateName: {
    message: "The server's certificate belongs to another name.",
    cause: 'The host name of the URL is not among the names of the certificate.',
    remedy: 'Use one of the names of the certificate in the URL.',
    retryable: true,
    concerns: 'user',
  },
  SourceTls: {
    message: 'No encrypted connection to the server could be made.',
    cause: 'The TLS handshake failed: the port speaks no TLS, or none of a version that is still accepted.',
    remedy: 'Check whether the URL must begin with http or https; see that the server offers TLS 1.2 or newer.',
    retryable: true,
    concerns: 'user',
  },
  SourceTimeout: {
    message: 'The server does not answer in time.',
    cause: 'The connection or the answer took too long, on every attempt.',
    remedy: 'See that the server is reachable and fast enough, then retry.',
    retryable: true,
    concerns: 'user',
  },
  SourceConnectionLost: {
    message: 'The connection breaks off during the download, again and again.',
    cause: 'The server or something between closed the connection before the end, on every attempt.',
    remedy: 'Retry, or use a mirror with a steadier connection.',
    retryable: true,
    concerns: 'user',
  },
  ChecksumMismatch: {
    message: 'The downloaded file does not have the checksum that was given.',
    cause: 'The file is another one than expected, was changed on its way, or the checksum belongs to another file.',
    remedy: 'Check the checksum and the URL, then make the disk anew.',
    retryable: false,
    concerns: 'user',
  },
  NotAnImage: {
    message: 'What the URL delivers is not a disk image.',
    cause: 'The content is a web page, an error message, an archive or another kind of file.',
    remedy: 'Use the direct URL of the image file, not of a page about it.',
    retryable: true,
    concerns: 'user',
  },
  ImageTooLarge: {
    message: 'The image does not fit on the disk.',
    cause:
      'The size of the disk inside the image, which may be many times the size of the file, exceeds `spec.storage`.',
    remedy: 'Raise `spec.storage`; the import then starts anew.',
    retryable: false,
    concerns: 'user',
  },
  ImageMissing: {
    message: 'The platform does not have this image at present.',
    cause: 'The catalogue offers a golden image whose data is not in the cluster.',
    remedy: 'Choose another image, or ask the operator to install it; then retry.',
    retryable: true,
    concerns: 'operator',
  },
  SourceDiskDeleting: {
    message: 'The disk that is to be copied is being deleted.',
    cause: 'The source of a clone must exist until the copy is done.',
    remedy: 'Make a new disk from another source.',
    retryable: true,
    concerns: 'user',
  },
  SourceDiskTooLarge: {
    message: 'The disk that is to be copied is larger than this one.',
    cause: 'A copy needs at least the size of its source.',
    remedy: 'Raise `spec.storage` to the size of the source; the copy then starts anew.',
    retryable: false,
    concerns: 'user',
  },
  ImporterImageMissing: {
    message: 'The platform cannot start the import.',
    cause: "The image of CDI's importer cannot be pulled.",
    remedy: 'This is for the operator: the importer image cannot be pulled. Retry later.',
    retryable: true,
    concerns: 'operator',
  },
  ImporterUnschedulable: {
    message: 'The platform has no room to run the import.',
    cause: 'No node takes the pod of the importer.',
    remedy: 'This is for the operator: the importer cannot be scheduled. Retry later.',
    retryable: true,
    concerns: 'operator',
  },
  ImporterOutOfMemory: {
    message: 'The import runs out of memory, again and again.',
    cause: "CDI's importer is killed at the memory limit of its pod.",
    remedy: 'This is for the operator: raise the resources of the importer pods in the CDI configuration, then retry.',
    retryable: true,
    concerns: 'operator',
  },
  ClusterStorageQuota: {
    message: 'The cluster has no storage quota left for this disk.',
    cause:
      "The ResourceQuota of the project's namespace refuses the claim. An import needs twice the size of its disk.",
    remedy: 'This is for the operator: raise the quota of the namespace (an import needs twice its size), then retry.',
    retryable: true,
    concerns: 'operator',
  },
  StorageUnavailable: {
    message: 'The storage of the cluster cannot make the disk.',
    cause: 'The provisioner of the storage class reports an error, for example because its pool is full.',
    remedy: 'This is for the operator: see the events of the claim. Retry later, or choose another storage class.',
    retryable: true,
    concerns: 'operator',
  },
  ImportNotStarted: {
    message: 'The cluster has not begun the import in time.',
    cause:
      'Neither progress nor an error was seen: CDI may not be running, or waits for something that it does not name.',
    remedy: 'This is for the operator: see the DataVolume and its events. Retry later.',
    retryable: true,
    concerns: 'operator',
  },
  ImportStalled: {
    message: 'The import made no progress for too long.',
    cause: 'The connection stays open, but no data arrives.',
    remedy: 'See that the server delivers the file at a steady rate, then retry.',
    retryable: true,
    concerns: 'user',
  },
  ImportTooSlow: {
    message: 'The import was not done within the longest time that is allowed.',
    cause: 'It makes progress, but so slowly, or begins anew so often, that it does not come to an end.',
    remedy: 'Use a mirror that is nearer or faster, or a smaller image; then retry.',
    retryable: true,
    concerns: 'user',
  },
  ImportCancelled: {
    message: 'The import was cancelled.',
    cause: 'A user asked for the import to be given up; what had been downloaded was deleted.',
    remedy: 'Retry the disk to import it from the beginning, or delete it.',
    retryable: true,
    concerns: 'user',
  },
  ImportFailed: {
    message: 'The import failed.',
    cause: 'The importer reports an error that is not known here; `status.import.lastError` has its words.',
    remedy: 'See the last error of the import; retry, or make the disk anew.',
    retryable: true,
    concerns: 'user',
  },
  GrowRefused: {
    message: 'The storage of this disk cannot grow.',
    cause: 'The cluster refuses a larger claim: its storage class does not allow it, or a quota does not.',
    remedy: 'The disk goes on with the size that it has. Make a larger disk from it with `source.disk`.',
    retryable: true,
    concerns: 'operator',
  },
  GrowFailed: {
    message: 'The storage could not be made larger.',
    cause: 'The storage driver says that it cannot give the size that was asked for.',
    remedy: 'The disk goes on with the size that it has. This is for the operator: see the events of the claim.',
    retryable: true,
    concerns: 'operator',
  },
  DataLost: {
    message: "The disk's storage is gone from the cluster; its data is lost.",
    cause: 'The volume behind a disk that was ready does not exist any more.',
    remedy: 'Restore it from a backup: delete this disk and make a new one.',
    retryable: false,
    concerns: 'operator',
  },
} as const satisfies Readonly<Record<string, FailureEntry>>;

export type DiskFailureCode = keyof typeof DISK_FAILURES;

/** The failure of a code as it stands in a disk's status. */
export function diskFailure(code: DiskFailureCode, words?: FailureWords): FailureReport {
  return failureReport(code, DISK_FAILURES[code], words);
}
