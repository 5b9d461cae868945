/** What every stream of REST needs: where it is counted and ended, and how often it says that it lives. */
import { OpenStreams } from '../open-streams.ts';

export class StreamSettings {
  readonly streams: OpenStreams;
  readonly heartbeatMs: number;

  constructor(streams: OpenStreams, heartbeatMs: number) {
    this.streams = streams;
    this.heartbeatMs = heartbeatMs;
  }
}
