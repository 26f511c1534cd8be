import type { AeadProvider } from '@jetstream/protocol';
import { nativeAead } from './native.ts';
import { portableAead } from './portable.ts';

let best: AeadProvider | undefined;

/** The fastest packet protection of this machine; the same one every time. `JETSTREAM_PORTABLE=1` forces the portable one. */
export function aeadProvider(): AeadProvider {
  best ??= nativeAead() ?? portableAead;
  return best;
}
