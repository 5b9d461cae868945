/** What every stream of REST needs: where it is counted and ended, how often it says that it lives, who judges its key. */
import type { Authenticator } from '../application/authenticator.ts';
import { OpenStreams } from '../open-streams.ts';

export class StreamSettings {
  readonly streams: OpenStreams;
  readonly heartbeatMs: number;
  readonly authenticator: Authenticator;

  constructor(streams: OpenStreams, heartbeatMs: number, authenticator: Authenticator) {
    this.streams = streams;
    this.heartbeatMs = heartbeatMs;
    this.authenticator = authenticator;
  }
}
