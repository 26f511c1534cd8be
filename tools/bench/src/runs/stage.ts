import { openLoopback, openWan, type WanReport } from '@jetstream/wan';
import { type WanPath, wanOptions } from '../figures/wan-path.ts';
import type { Place } from '../processes/running.ts';

/** Two ends and what joins them, made for one run. */
export interface Stage {
  readonly sender: Place;
  readonly receiver: Place;
  /** Undefined on loopback. */
  report(): Promise<WanReport | undefined>;
  /** Tells why, when it breaks; else never settles. */
  readonly failed: Promise<Error>;
  /** Ends what runs inside, and removes it. */
  close(): Promise<void>;
}

/** @throws LackError what this machine lacks for it, root first of all */
export async function openStage(path: WanPath | 'loopback', seed: number): Promise<Stage> {
  if (path === 'loopback') {
    const loopback = await openLoopback();
    return {
      sender: loopback,
      receiver: loopback,
      report: async () => undefined,
      failed: new Promise(() => {}),
      close: () => loopback.close(),
    };
  }
  const wan = await openWan(wanOptions(path, seed));
  return {
    sender: wan.a,
    receiver: wan.b,
    report: () => wan.report(),
    failed: wan.failed,
    close: async () => {
      await wan.close();
    },
  };
}
