import { describe, expect, it } from 'vitest';
import { seededRandom } from '../testing/random.ts';
import { LossLedgers } from './loss-ledgers.ts';
import { type AckPhase, BbrState, type Phase } from './state.ts';

const MSS = 1_400;

function ledgers() {
  const state = new BbrState({ datagramBytes: MSS, initialWindowBytes: 10 * MSS, random: () => 0 }, 0, 0);
  const books = new LossLedgers();
  const random = seededRandom(3);
  /** Books packets of which each is lost with a chance. */
  const book = (
    phase: Phase,
    ackPhase: AckPhase,
    packets: number,
    loss: number,
    queueStands = false,
  ): void => {
    state.phase = phase;
    state.ackPhase = ackPhase;
    state.probeRttRoundDone = true;
    for (let packet = 0; packet < packets; packet++) {
      const lost = random() < loss;
      books.book(state, lost ? 0 : MSS, lost ? MSS : 0, queueStands);
    }
  };
  return {
    books,
    cruise: (packets: number, loss: number, queueStands = false) =>
      book('probe-bw-cruise', 'init', packets, loss, queueStands),
    probe: (packets: number, loss: number) => {
      book('probe-bw-up', 'probe-starting', 0, 0);
      book('probe-bw-up', 'probe-feedback', packets, loss);
    },
    probeRtt: (packets: number, loss: number) => book('probe-rtt', 'init', packets, loss),
    afterStartup: (packets: number, loss: number) => book('probe-bw-down', 'probe-stopping', packets, loss),
    grows: () => books.growsWithRate(state),
  };
}

describe('LossLedgers', () => {
  it('finds random loss the same at every rate', () => {
    for (const loss of [0.001, 0.01, 0.05, 0.15]) {
      const { cruise, probe, probeRtt, grows } = ledgers();
      for (let cycle = 0; cycle < 20; cycle++) {
        cruise(1_000, loss);
        probe(200, loss);
        probeRtt(50, loss);
        expect(grows()).toBe(false);
      }
    }
  });

  it('finds loss that comes with probing', () => {
    const { cruise, probe, grows } = ledgers();
    cruise(1_000, 0.01);
    probe(200, 0.15);
    expect(grows()).toBe(true);
  });

  it('finds loss that goes when all slow down', () => {
    const { cruise, probeRtt, grows } = ledgers();
    cruise(2_000, 0.1);
    probeRtt(200, 0);
    expect(grows()).toBe(true);
  });

  it('does not judge by a handful of packets', () => {
    const { cruise, probe, grows } = ledgers();
    cruise(1_000, 0.01);
    probe(20, 0.3);
    expect(grows()).toBe(false);
  });

  it('forgets as cycles pass without excess', () => {
    const { books, cruise, probe, grows } = ledgers();
    cruise(1_000, 0);
    probe(200, 0.1);
    expect(grows()).toBe(true);
    for (let cycle = 0; cycle < 4; cycle++) {
      books.fade();
      cruise(1_000, 0);
      probe(200, 0);
    }
    expect(grows()).toBe(false);
  });

  it('excuses by what is lost without a queue, not by what is lost in one or by the overshoot of Startup', () => {
    const { books, cruise, afterStartup } = ledgers();
    cruise(2_000, 0.05);
    cruise(2_000, 0.5, true);
    afterStartup(500, 0.6);
    expect(books.background).toBeGreaterThan(0.03);
    expect(books.background).toBeLessThan(0.07);
  });
});
