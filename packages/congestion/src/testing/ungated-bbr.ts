import { Bbr } from '../bbr/bbr.ts';
import { DelayGatedLoss } from '../bbr/delay-gated-loss.ts';
import type { CongestionController } from '../controller.ts';
import { initialWindowBytes } from '../create-controller.ts';
import { DATAGRAM_BYTES } from './path.ts';
import { seededRandom } from './random.ts';

/** The draft's rule: all loss counts. */
class AllLossCounts extends DelayGatedLoss {
  override counts(): boolean {
    return true;
  }

  override excusedLossRate(): number {
    return 0;
  }
}

/** BBR without our change to the loss response, to compare with. */
export function ungatedBbr(): CongestionController {
  const options = {
    datagramBytes: DATAGRAM_BYTES,
    initialWindowBytes: initialWindowBytes(DATAGRAM_BYTES),
    random: seededRandom(7),
  };
  return new Bbr(options, () => new AllLossCounts());
}
