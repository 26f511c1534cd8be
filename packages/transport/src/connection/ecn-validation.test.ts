import { AckFrame } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { EcnValidation } from './ecn-validation.ts';

function counts(ect0: number, ce: number, ect1 = 0): AckFrame {
  const ack = new AckFrame();
  ack.hasEcn = true;
  ack.ect0Count = ect0;
  ack.ect1Count = ect1;
  ack.ceCount = ce;
  return ack;
}

const WITHOUT_COUNTS = new AckFrame();

describe('EcnValidation', () => {
  it('[EC-2] believes counts that go with what was sent and acknowledged, and says which marks are new', () => {
    const ecn = new EcnValidation(true);
    expect(ecn.state).toBe('testing');
    expect(ecn.onAck(counts(10, 0), 10, 20)).toBe(0);
    expect(ecn.state).toBe('capable');
    expect(ecn.onAck(counts(15, 3), 8, 20)).toBe(3);
    // An ACK that was lost told of two more packets, one of them marked.
    expect(ecn.onAck(counts(18, 5), 3, 30)).toBe(2);
    expect([ecn.state, ecn.ceCount]).toEqual(['capable', 5]);
  });

  it.each([
    ['there are none although marked packets were acknowledged', WITHOUT_COUNTS, 1],
    ['they grow by less than what was acknowledged', counts(12, 1), 4],
    ['a mark appears that was never sent', counts(20, 0, 1), 2],
    ['there are more than packets were sent', counts(90, 11), 2],
    ['CE marks are taken back', counts(25, 0), 2],
    ['ECT(0) marks are taken back', counts(9, 20), 2],
  ])('[EC-2] does not believe counts when %s, then or ever after', (_, ack, newlyAcked) => {
    const ecn = new EcnValidation(true);
    ecn.onAck(counts(10, 1), 11, 100);
    expect(ecn.onAck(ack, newlyAcked, 100)).toBe(0);
    expect(ecn.state).toBe('failed');
    expect(ecn.onAck(counts(40, 20), 5, 100)).toBe(0);
    expect([ecn.state, ecn.ceCount]).toEqual(['failed', 1]);
  });

  it('has no verdict from an ACK of nothing that was marked', () => {
    const ecn = new EcnValidation(true);
    ecn.onAck(WITHOUT_COUNTS, 0, 5);
    expect(ecn.state).toBe('testing');
  });

  it('tests a new path anew', () => {
    const ecn = new EcnValidation(true);
    ecn.onAck(WITHOUT_COUNTS, 3, 5);
    ecn.onMigration();
    expect(ecn.onAck(counts(4, 1), 5, 10)).toBe(1);
    expect(ecn.state).toBe('capable');
  });

  it('is off while nothing is marked, whatever the peer says', () => {
    const ecn = new EcnValidation(false);
    expect(ecn.onAck(counts(0, 7), 7, 10)).toBe(0);
    ecn.onMigration();
    expect([ecn.state, ecn.ceCount]).toEqual(['off', 0]);
  });
});
