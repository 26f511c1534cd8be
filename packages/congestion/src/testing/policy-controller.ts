import { initialWindowBytes } from '../create-controller.ts';
import { PolicyController } from '../policy-controller.ts';
import type { RatePolicy } from '../rate-policy.ts';
import { DATAGRAM_BYTES } from './path.ts';
import { seededRandom } from './random.ts';

/** A sender of that policy, for the simulated path. @param congestion what governs `fair` and `high` */
export function policyController(
  policy: RatePolicy,
  congestion: 'bbr' | 'cubic' = 'bbr',
  seed: number = 1,
): PolicyController {
  return new PolicyController({
    datagramBytes: DATAGRAM_BYTES,
    initialWindowBytes: initialWindowBytes(DATAGRAM_BYTES),
    random: seededRandom(seed),
    congestion,
    policy,
  });
}
