import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isOver,
  isProcessing,
  nextStatus,
  type TransferStatus,
  type TransferStep,
} from './transfer-status.ts';

const STATUSES: TransferStatus[] = ['pending', 'inProgress', 'complete', 'error', 'suspended', 'cancelled'];
/** What each step makes of each status, in the order above; '-': refused. */
const TABLE: Record<TransferStep, string[]> = {
  suspend: ['suspended', 'suspended', '-', '-', 'suspended', '-'],
  resume: ['pending', 'inProgress', '-', 'pending', 'pending', '-'],
  cancel: ['cancelled', 'cancelled', '-', '-', 'cancelled', 'cancelled'],
  fail: ['error', 'error', '-', '-', 'error', '-'],
  delete: ['-', '-', 'complete', 'error', 'suspended', 'cancelled'],
  updatePriority: ['pending', '-', '-', '-', 'suspended', '-'],
  begin: ['inProgress', '-', '-', '-', '-', '-'],
  finish: ['-', 'complete', '-', '-', '-', '-'],
  putOff: ['pending', 'pending', '-', '-', '-', '-'],
  giveUp: ['error', 'error', '-', '-', '-', '-'],
};
const STEPS = Object.keys(TABLE) as TransferStep[];

function stepped(status: TransferStatus, step: TransferStep): string {
  try {
    return nextStatus('id', status, step);
  } catch (error) {
    expect(error).toMatchObject({ code: 'conflict', subject: 'id' });
    return '-';
  }
}

describe('the status of a transfer', () => {
  it.each(STEPS)('after %s is that of the table, or a conflict', (step) => {
    expect(STATUSES.map((status) => stepped(status, step))).toEqual(TABLE[step]);
  });

  it('stays complete, and cancelled, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...STEPS)), (steps) => {
        let status: TransferStatus = 'pending';
        for (const step of steps) {
          const next = stepped(status, step);
          if (status === 'complete' || status === 'cancelled') expect(['-', status]).toContain(next);
          if (next !== '-') status = next as TransferStatus;
        }
      }),
    );
  });

  it('runs by itself, waits for somebody, or is over', () => {
    expect(STATUSES.filter(isProcessing)).toEqual(['pending', 'inProgress']);
    expect(STATUSES.filter(isOver)).toEqual(['complete', 'error', 'cancelled']);
  });

  it('that refuses a command says what to do instead', () => {
    expect(() => nextStatus('id', 'inProgress', 'delete')).toThrow(/transfer is inProgress; cancel it first/);
  });
});
