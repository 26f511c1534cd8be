import { describe, expect, it } from 'vitest';
import type { DestinationRecord } from './record.ts';
import { staticKeyFor, vouchesFor } from './vouching.ts';

const HOST_KEY = new Uint8Array(32).fill(7);

const destination = (fields: Partial<DestinationRecord>) =>
  ({
    destinationId: '1',
    owner: 'ann',
    ownerToken: null,
    userName: 'ann',
    credentials: { kind: 'none' },
    ...fields,
  }) as DestinationRecord;

describe('a server', () => {
  it('[LG-10] vouches for its users as themselves, and shows itself where something else decides', () => {
    expect(vouchesFor(destination({}))).toBe(true);
    expect(vouchesFor(destination({ userName: 'ben' }))).toBe(false);
    expect(vouchesFor(destination({ ownerToken: 't' }))).toBe(false);
    const key = { kind: 'key' as const, sealed: '' };
    expect(vouchesFor(destination({ userName: 'ben', credentials: key }))).toBe(false);
    expect(vouchesFor(destination({ credentials: key }))).toBe(true);
    for (const kind of ['password', 'token'] as const) {
      expect(vouchesFor(destination({ userName: 'ben', credentials: { kind, sealed: '' } }))).toBe(true);
    }
  });

  it('shows its host key where it vouches, and otherwise always the same one, another for each destination', () => {
    expect(staticKeyFor(destination({}), HOST_KEY)).toBe(HOST_KEY);
    const others = ['1', '2'].map((destinationId) =>
      staticKeyFor(destination({ destinationId, userName: 'ben' }), HOST_KEY),
    );
    expect(others[0]).toHaveLength(32);
    expect(others[0]).toEqual(staticKeyFor(destination({ userName: 'ben' }), HOST_KEY));
    expect(new Set([HOST_KEY, ...others].map(String)).size).toBe(3);
  });
});
