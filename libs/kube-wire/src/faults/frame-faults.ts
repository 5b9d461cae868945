/** Faults of running watches: events sent twice, in the wrong order, or not at all because the connection is cut. */
import type { FrameInterceptor } from '../protocol/interceptor.ts';
import type { FaultEffect } from './fault-rules.ts';

interface FrameRule {
  effect: FaultEffect;
  /** Counts and decides; asked at most once per frame. */
  fires: () => boolean;
}

const bookmarkFrame = '{"type":"BOOKMARK"';

/** An interceptor that asks for the rules in force at every event. Bookmarks pass, behind what was held back. */
export function frameFault(rulesNow: () => FrameRule[]): FrameInterceptor {
  let held: string | undefined;
  let seen = 0;
  const release = (send: (frame: string) => void): void => {
    if (held !== undefined) send(held);
    held = undefined;
  };
  return (frame, send, cut) => {
    if (frame.startsWith(bookmarkFrame)) {
      // A bookmark says everything before it was delivered, so nothing may be held back any longer.
      release(send);
      send(frame);
      return;
    }
    seen += 1;
    const fired = rulesNow().filter((rule) => due(rule.effect, seen) && rule.fires());
    const has = (type: FaultEffect['type']): boolean => fired.some(({ effect }) => effect.type === type);
    if (has('watchCut')) {
      cut();
      return;
    }
    if (has('watchReorder') && held === undefined) {
      held = frame;
      return;
    }
    send(frame);
    if (has('watchDuplicate')) send(frame);
    release(send);
  };
}

function due(effect: FaultEffect, seen: number): boolean {
  return effect.type !== 'watchCut' || seen > effect.afterEvents;
}
