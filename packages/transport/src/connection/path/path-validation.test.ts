import { describe, expect, it } from 'vitest';
import { PathValidation } from './path-validation.ts';

const HOME = { address: '198.51.100.7', port: 4000 };
const AWAY = { address: '203.0.113.9', port: 5000 };

function validation(): PathValidation {
  let count = 0;
  return new PathValidation(HOME, (length) => new Uint8Array(length).fill(++count));
}

describe('PathValidation', () => {
  it('[MG-1] challenges a new address that has the newest packet, and keeps to the old one meanwhile', () => {
    const paths = validation();
    paths.onPacket(0, AWAY, 1200, true);
    expect(paths.challengeBytesDue(0)).toBe(1200);
    expect(paths.challengeAddress).toEqual(AWAY);
    expect(paths.active).toEqual(HOME);
    expect(paths.onResponse(AWAY, paths.challengeData, 0)).toEqual(HOME);
    expect(paths.active).toEqual(AWAY);
    expect(paths.wakeUs).toBe(Number.POSITIVE_INFINITY);
  });

  it('[MG-1] starts nothing for an old packet from elsewhere', () => {
    const paths = validation();
    paths.onPacket(0, AWAY, 1200, false);
    expect(paths.wakeUs).toBe(Number.POSITIVE_INFINITY);
  });

  it('[MG-1] sends at most three times what it received from there', () => {
    const paths = validation();
    paths.onPacket(0, AWAY, 50, true);
    expect(paths.challengeBytesDue(0)).toBe(150);
    paths.onChallengeSent(0, 150, 1000);
    expect(paths.challengeBytesDue(5000)).toBe(0);
    expect(paths.wakeUs).toBe(3_000_000);
  });

  it('takes an answer that comes long after the probe timeout of the old path', () => {
    const paths = validation();
    paths.onPacket(0, AWAY, 60_000, true);
    const challenge = paths.challengeData.slice();
    for (const nowUs of [0, 1000, 3000, 7000]) {
      const bytes = paths.challengeBytesDue(nowUs);
      if (bytes > 0) paths.onChallengeSent(nowUs, bytes, 1000);
      paths.onPacket(nowUs + 1, AWAY, 1200, true);
    }
    expect(paths.onResponse(AWAY, challenge, 0)).toEqual(HOME);
  });

  it('gives an address up after three challenges and three seconds', () => {
    const paths = validation();
    paths.onPacket(0, AWAY, 60_000, true);
    const sentAt: number[] = [];
    for (let nowUs = 0; nowUs < 4_000_000 && paths.wakeUs < Number.POSITIVE_INFINITY; nowUs += 100) {
      const bytes = paths.challengeBytesDue(nowUs);
      if (bytes === 0) continue;
      sentAt.push(nowUs);
      paths.onChallengeSent(nowUs, bytes, 1000);
    }
    expect(sentAt).toEqual([0, 1000, 3000]);
    expect(paths.wakeUs).toBe(Number.POSITIVE_INFINITY);
    expect(paths.active).toEqual(HOME);
  });

  it('takes no answer from elsewhere or with other bytes', () => {
    const paths = validation();
    paths.onPacket(0, AWAY, 1200, true);
    const right = paths.challengeData.slice();
    expect(paths.onResponse(HOME, right, 0)).toBeUndefined();
    expect(paths.onResponse(AWAY, new Uint8Array(8), 0)).toBeUndefined();
    expect(paths.onResponse({ ...AWAY, port: 5001 }, right, 0)).toBeUndefined();
    expect(paths.active).toEqual(HOME);
  });

  it('drops a candidate when the peer speaks from home again', () => {
    const paths = validation();
    paths.onPacket(0, AWAY, 1200, true);
    const challenge = paths.challengeData.slice();
    paths.onPacket(10, HOME, 1200, true);
    expect(paths.wakeUs).toBe(Number.POSITIVE_INFINITY);
    expect(paths.onResponse(AWAY, challenge, 0)).toBeUndefined();
  });

  it('challenges the newest of several addresses', () => {
    const paths = validation();
    paths.onPacket(0, AWAY, 1200, true);
    const third = { address: '192.0.2.50', port: 1 };
    paths.onPacket(1, third, 1200, true);
    expect(paths.challengeAddress).toEqual(third);
  });
});
