/**
 * A valid qcow2 image that exists only as a formula: every byte can be computed from its offset.
 *
 * So the image needs no memory and no file, ranges cost nothing, and the same options give the same bytes (and checksum) on every
 * machine. Layout in clusters of 64 KiB: header, refcount table, refcount blocks, L1 table, L2 tables, data.
 */

export interface Qcow2Options {
  /** Size of the disk that the guest sees, in bytes; a multiple of 64 KiB. */
  virtualSizeBytes: number;
  /** Size of the data in the image, in bytes; rounded up to clusters. */
  dataBytes: number;
  /** Images of different seeds have different data. */
  seed: number;
}

/** Bytes that can be read at any place. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** The bytes [start, end); the caller keeps within the size. */
  read(start: number, end: number): Buffer;
}

const CLUSTER_BITS = 16;
export const CLUSTER_BYTES = 2 ** CLUSTER_BITS;
const ENTRIES_PER_TABLE = CLUSTER_BYTES / 8;
const REFCOUNTS_PER_BLOCK = CLUSTER_BYTES / 2;
const MAGIC = 0x514649fb;
const COPIED = 1n << 63n;

interface Layout {
  refcountBlocks: number;
  l1Entries: number;
  l1Clusters: number;
  l2Tables: number;
  dataClusters: number;
  refcountBlockAt: number;
  l1At: number;
  l2At: number;
  dataAt: number;
  totalClusters: number;
}

/** The image as a source of bytes. */
export function qcow2Image(options: Qcow2Options): ByteSource {
  const layout = layoutOf(options);
  const sizeBytes = layout.totalClusters * CLUSTER_BYTES;
  return {
    sizeBytes,
    read: (start, end) => {
      const clusters: Buffer[] = [];
      for (let index = Math.floor(start / CLUSTER_BYTES); index * CLUSTER_BYTES < end; index += 1) {
        const from = Math.max(0, start - index * CLUSTER_BYTES);
        const to = Math.min(CLUSTER_BYTES, end - index * CLUSTER_BYTES);
        clusters.push(clusterAt(index, layout, options).subarray(from, to));
      }
      return Buffer.concat(clusters);
    },
  };
}

/** The virtual size that a qcow2 header states, or undefined when the bytes are no qcow2 header. */
export function qcow2VirtualSize(header: Buffer): number | undefined {
  if (header.length < 32 || header.readUInt32BE(0) !== MAGIC) return undefined;
  return Number(header.readBigUInt64BE(24));
}

function layoutOf({ virtualSizeBytes, dataBytes }: Qcow2Options): Layout {
  const dataClusters = Math.ceil(dataBytes / CLUSTER_BYTES);
  const l1Entries = Math.ceil(virtualSizeBytes / CLUSTER_BYTES / ENTRIES_PER_TABLE);
  const l1Clusters = Math.ceil((l1Entries * 8) / CLUSTER_BYTES);
  const l2Tables = Math.ceil(dataClusters / ENTRIES_PER_TABLE);
  const others = 2 + l1Clusters + l2Tables + dataClusters;
  const refcountBlocks = Math.ceil((others + 1) / (REFCOUNTS_PER_BLOCK - 1));
  const refcountBlockAt = 2;
  const l1At = refcountBlockAt + refcountBlocks;
  const l2At = l1At + l1Clusters;
  const dataAt = l2At + l2Tables;
  const totalClusters = dataAt + dataClusters;
  return {
    refcountBlocks,
    l1Entries,
    l1Clusters,
    l2Tables,
    dataClusters,
    refcountBlockAt,
    l1At,
    l2At,
    dataAt,
    totalClusters,
  };
}

function clusterAt(index: number, layout: Layout, options: Qcow2Options): Buffer {
  if (index === 0) return headerCluster(layout, options);
  if (index === 1) return tableCluster(0, layout.refcountBlocks, layout.refcountBlockAt, 0n);
  if (index < layout.l1At) return refcountCluster(index - layout.refcountBlockAt, layout.totalClusters);
  if (index < layout.l2At) return tableCluster(index - layout.l1At, layout.l2Tables, layout.l2At, COPIED);
  if (index < layout.dataAt) return tableCluster(index - layout.l2At, layout.dataClusters, layout.dataAt, COPIED);
  return dataCluster(index - layout.dataAt, options.seed);
}

function headerCluster(layout: Layout, { virtualSizeBytes }: Qcow2Options): Buffer {
  const header = Buffer.alloc(CLUSTER_BYTES);
  header.writeUInt32BE(MAGIC, 0);
  header.writeUInt32BE(3, 4);
  header.writeUInt32BE(CLUSTER_BITS, 20);
  header.writeBigUInt64BE(BigInt(virtualSizeBytes), 24);
  header.writeUInt32BE(layout.l1Entries, 36);
  header.writeBigUInt64BE(BigInt(layout.l1At * CLUSTER_BYTES), 40);
  header.writeBigUInt64BE(BigInt(CLUSTER_BYTES), 48);
  header.writeUInt32BE(1, 56);
  header.writeUInt32BE(4, 96);
  header.writeUInt32BE(104, 100);
  return header;
}

/** One cluster of a table whose n-th entry points at cluster `firstTarget + n`, for `count` entries over all its clusters. */
function tableCluster(part: number, count: number, firstTarget: number, flag: bigint): Buffer {
  const cluster = Buffer.alloc(CLUSTER_BYTES);
  const first = part * ENTRIES_PER_TABLE;
  for (let entry = first; entry < Math.min(count, first + ENTRIES_PER_TABLE); entry += 1) {
    cluster.writeBigUInt64BE(BigInt((firstTarget + entry) * CLUSTER_BYTES) | flag, (entry - first) * 8);
  }
  return cluster;
}

function refcountCluster(part: number, totalClusters: number): Buffer {
  const cluster = Buffer.alloc(CLUSTER_BYTES);
  const first = part * REFCOUNTS_PER_BLOCK;
  for (let at = first; at < Math.min(totalClusters, first + REFCOUNTS_PER_BLOCK); at += 1) {
    cluster.writeUInt16BE(1, (at - first) * 2);
  }
  return cluster;
}

/** Pseudo-random data; the first cluster begins with a boot sector, as a disk of a system has it. */
function dataCluster(index: number, seed: number): Buffer {
  const words = new Uint32Array(CLUSTER_BYTES / 4);
  let state = (Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b)) >>> 0 || 1;
  for (let at = 0; at < words.length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  const cluster = Buffer.from(words.buffer);
  if (index === 0) writeBootSector(cluster);
  return cluster;
}

function writeBootSector(cluster: Buffer): void {
  cluster.fill(0, 0, 512);
  cluster.write('EB63', 0, 'hex');
  cluster.write('8000200083FEFFFF0008000000F83F00', 446, 'hex');
  cluster.writeUInt16LE(0xaa55, 510);
}
