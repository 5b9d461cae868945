import fc from 'fast-check';
import { expect, it } from 'vitest';
import { drawTokens, type TokenBucket } from './token-bucket.ts';

const limit = { tokens: 3, windowMs: 3_000 };

it('a caller nobody knows has a full bucket, and each draw takes one', () => {
  const first = drawTokens(undefined, limit, 0);
  expect(first).toMatchObject({ allowed: true, remaining: 2, nextMs: 0, fullMs: 1_000 });
  const second = drawTokens(first.bucket, limit, 0);
  const third = drawTokens(second.bucket, limit, 0);
  expect(third).toMatchObject({ allowed: true, remaining: 0, nextMs: 1_000 });
  expect(drawTokens(third.bucket, limit, 0)).toMatchObject({ allowed: false, remaining: 0, nextMs: 1_000 });
});

it('waiting as long as was said is enough, a moment less is not', () => {
  const empty = { tokens: 0.25, atMs: 5_000 };
  const { nextMs } = drawTokens(empty, limit, 5_000);
  expect(drawTokens(empty, limit, 5_000 + nextMs).allowed).toBe(true);
  expect(drawTokens(empty, limit, 5_000 + nextMs - 2).allowed).toBe(false);
});

it('a clock that steps back gives nothing', () => {
  expect(drawTokens({ tokens: 0, atMs: 9_000 }, limit, 1_000).allowed).toBe(false);
});

it('no sequence of requests gets more than one bucket and what flowed in meanwhile', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 80 });
  fc.assert(
    fc.property(steps, (pauses) => {
      let bucket: TokenBucket | undefined;
      let nowMs = 0;
      let taken = 0;
      for (const pause of pauses) {
        nowMs += pause;
        const draw = drawTokens(bucket, limit, nowMs);
        bucket = draw.bucket;
        if (draw.allowed) taken += 1;
        expect(draw.bucket.tokens).toBeGreaterThanOrEqual(0);
      }
      expect(taken).toBeLessThanOrEqual(limit.tokens + (nowMs * limit.tokens) / limit.windowMs);
    }),
  );
});
