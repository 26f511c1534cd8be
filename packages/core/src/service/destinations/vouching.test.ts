import { currentUser } from '@jetstream/platform';
import { describe, expect, it } from 'vitest';
import type { DestinationRecord } from './record.ts';
import { staticKeyFor, vouchesFor } from './vouching.ts';

const HOST_KEY = new Uint8Array(32).fill(7);

const destination = (fields: Partial<DestinationRecord>) =>
  ({ destinationId: '1', owner: 'ann', ownerToken: null, userName: 'ann', ...fields }) as DestinationRecord;

describe('a server', () => {
  it('vouches for its users as themselves, and for whoever runs it as anybody', () => {
    expect(vouchesFor(destination({}))).toBe(true);
    expect(vouchesFor(destination({ userName: 'ben' }))).toBe(false);
    expect(vouchesFor(destination({ ownerToken: 't' }))).toBe(false);
    expect(vouchesFor(destination({ owner: currentUser().name, userName: 'ben' }))).toBe(true);
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
