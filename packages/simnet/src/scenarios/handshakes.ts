import type { Scenario } from '../scenario.ts';
import { expectedCompletionUs } from './expected-time.ts';
import { MEGABIT, MIB, path } from './path.ts';

const RATE = 100 * MEGABIT;
const RTT_MS = 50;

function sealed(
  name: string,
  about: string,
  options: Partial<Scenario> & { lossShare?: number; bytes?: number; extraUs?: number },
): Scenario {
  const { lossShare = 0, bytes = 8 * MIB, extraUs = 0, ...rest } = options;
  return {
    name,
    about,
    protection: 'aes-256-gcm',
    ...path({ rateBytesPerSecond: RATE, rttMs: RTT_MS, lossShare }),
    flows: [{ transfer: { bytes } }],
    bounds: {
      // Two rounds; a handshake packet that is lost or spoiled costs about a second.
      establishedUs: 2.5 * RTT_MS * 1000 + (options.forward === undefined && lossShare === 0 ? 0 : 3e6),
      completionUs:
        extraUs +
        expectedCompletionUs({
          bytes,
          rateBytesPerSecond: RATE,
          rttUs: RTT_MS * 1000,
          lossShare,
          slackRounds: 12,
          steadyShare: 0.8,
        }),
      resentShare: lossShare / (1 - lossShare) + 0.1,
      redundantShare: 0.05,
    },
    ...rest,
  };
}

const corrupting = (share: number): Pick<Scenario, 'forward' | 'backward'> =>
  path({
    rateBytesPerSecond: RATE,
    rttMs: RTT_MS,
    forward: { corruptedShare: share },
    backward: { corruptedShare: share },
  });

/** Noise handshake and AES-256-GCM, end to end. */
export const HANDSHAKES: readonly Scenario[] = [
  sealed('sealed upload', 'handshake, upload, close', {}),
  sealed('sealed download', 'handshake, download, close', {
    flows: [{ direction: 'download', transfer: { bytes: 8 * MIB } }],
  }),
  sealed('sealed with loss and key updates', '1 % loss and a key update every 100 packets', {
    lossShare: 0.01,
    keyUpdatePackets: 100,
    extraUs: 1e6,
  }),
  sealed(
    'sealed with corruption',
    '2 % of packets with flipped bits each way, a key update every 500 packets',
    {
      ...corrupting(0.02),
      keyUpdatePackets: 500,
      extraUs: 2e6,
    },
  ),
  sealed('sealed over a filthy path', 'duplicates, reordering, bursts of loss, corruption, a new address', {
    ...path({
      rateBytesPerSecond: RATE,
      rttMs: RTT_MS,
      forward: {
        loss: [{ kind: 'gilbert-elliott', goodPackets: 1000, badPackets: 10 }],
        duplicatedShare: 0.05,
        reordering: { share: 0.02, upToUs: 10_000 },
        corruptedShare: 0.01,
      },
      backward: { loss: [{ kind: 'bernoulli', share: 0.05 }], duplicatedShare: 0.05, corruptedShare: 0.01 },
    }),
    flows: [
      {
        transfer: { bytes: 8 * MIB },
        clientRebindings: [{ afterUs: 5e5, address: { address: '192.0.2.77', port: 7777 } }],
      },
    ],
    keyUpdatePackets: 300,
    lossShare: 0.02,
    extraUs: 4e6,
  }),
];
