import type { RatePolicy } from '@jetstream/congestion';
import { JetStreamError } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { ServerRatePolicy } from './server-rate-policy.ts';

const low: RatePolicy = { policy: 'low' };
const fair: RatePolicy = { policy: 'fair' };
const high: RatePolicy = { policy: 'high' };

function connected(send: (policy: RatePolicy) => void): ServerRatePolicy {
  const server = new ServerRatePolicy();
  server.connect(send);
  return server;
}

describe('ServerRatePolicy', () => {
  it('[RP-2] has one question open at a time, and puts of those that wait only the last', async () => {
    const sent: RatePolicy[] = [];
    const server = connected((policy) => sent.push(policy));
    const answers = [low, fair, high].map((policy) => server.ask(policy));
    expect(sent).toEqual([low]);
    server.onInForce(low);
    expect(sent).toEqual([low, high]);
    server.onInForce(fair);
    expect(await Promise.all(answers)).toEqual([low, fair, fair]);
    void server.ask(low);
    expect(sent).toEqual([low, high, low]);
  });

  it('[RP-2] takes an answer without a question for a violation', () => {
    const server = connected(() => undefined);
    expect(() => server.onInForce(low)).toThrow(expect.objectContaining({ code: 'protocol-violation' }));
  });

  it('fails what is not answered when the last link is gone, and what is asked afterwards', async () => {
    const server = connected(() => undefined);
    const asked = [server.ask(low), server.ask(fair)];
    server.end(new JetStreamError('connection-lost', 'gone'));
    for (const answer of [...asked, server.ask(high)])
      await expect(answer).rejects.toMatchObject({ code: 'connection-lost' });
  });

  it('puts what a link left unanswered on the next one', async () => {
    const server = connected(() => undefined);
    const answers = [server.ask(low), server.ask(high)];
    const sent: RatePolicy[] = [];
    server.connect((policy) => sent.push(policy));
    expect(sent).toEqual([high]);
    server.onInForce(fair);
    expect(await Promise.all(answers)).toEqual([fair, fair]);
    server.connect((policy) => sent.push(policy));
    expect(sent).toEqual([high]);
  });
});
