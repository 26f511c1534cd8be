import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { ConnectionLimits } from './connection-limits.ts';
import { API_LIMITS } from './limits.ts';

it('tells connections apart by both their ends, so that none counts for ever', () => {
  const limits = new ConnectionLimits({ ...API_LIMITS, strangersPerAddress: 2 });
  const socketTo = (localAddress: string) => {
    const ends = { remoteAddress: '192.0.2.1', remotePort: 1_024, localAddress, localPort: 8_886 };
    return Object.assign(new EventEmitter(), ends, { destroy: () => undefined }) as unknown as Socket;
  };
  for (let turn = 0; turn < 3; turn++) {
    const both = [socketTo('192.0.2.7'), socketTo('192.0.2.8')];
    expect(both.map((socket) => limits.add(socket))).toEqual([true, true]);
    expect(limits.size).toBe(2);
    for (const socket of both) socket.emit('close');
    expect(limits.size).toBe(0);
  }
});
