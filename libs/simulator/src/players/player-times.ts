// How long things take, in cluster milliseconds. The defaults are those of a healthy small cluster whose images are on the nodes.

export interface PlayerTimes {
  /** From a claim that may be provisioned to its volume. */
  provisionMs: number;
  /** Growing a volume. */
  expandMs: number;
  /** From a pod on a node to its containers running, images included. */
  podStartMs: number;
  /** The same for pods that run machines, whose image is larger. */
  launcherStartMs: number;
  /** What an importer of a blank disk does. */
  blankMs: number;
  /** What an importer does after the last byte: convert, resize, sync. */
  convertMs: number;
  /** Shortest copy of a clone; larger ones go by `cloneBytesPerSecond`. */
  cloneMs: number;
  cloneBytesPerSecond: number;
  /** How often the progress of a transfer is told. */
  progressMs: number;
  /** From the end of a container to CrashLoopBackOff being shown. */
  crashShownMs: number;
  /** First pause before a container is started again; it doubles. */
  crashBackoffMs: number;
  crashBackoffMaxMs: number;
  /** What a guest takes to shut down when its pod is deleted. */
  launcherStopMs: number;
  /** How long a pod may wait for a volume that is being provisioned before it is called unschedulable. */
  volumeWaitMs: number;
  /** From the loss of a node to the deletion of its pods. */
  lostNodeGraceMs: number;
}

export const defaultTimes: PlayerTimes = {
  provisionMs: 800,
  expandMs: 1_500,
  podStartMs: 1_000,
  launcherStartMs: 2_500,
  blankMs: 500,
  convertMs: 500,
  cloneMs: 2_000,
  cloneBytesPerSecond: 500 * 2 ** 20,
  progressMs: 2_000,
  crashShownMs: 1_000,
  crashBackoffMs: 10_000,
  crashBackoffMaxMs: 300_000,
  launcherStopMs: 2_500,
  volumeWaitMs: 60_000,
  lostNodeGraceMs: 300_000,
};
