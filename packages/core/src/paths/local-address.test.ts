import { describe, expect, it } from 'vitest';
import { localAddressTowards } from './local-address.ts';

describe('the own address towards another', () => {
  it('is that from which the system would send', async () => {
    expect(await localAddressTowards('127.0.0.1')).toBe('127.0.0.1');
  });

  it('is unknown where there is no way', async () => {
    expect(await localAddressTowards('no address')).toBeUndefined();
  });
});
