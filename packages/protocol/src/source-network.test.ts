import { describe, expect, it } from 'vitest';
import { sourceNetwork } from './source-network.ts';

describe('sourceNetwork', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2::6', '2001:db8:1:2'],
    ['2001:db8::6', '2001:db8:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::1', '0:0:0:0'],
  ])('of %s is %s', (address, network) => {
    expect(sourceNetwork(address)).toBe(network);
  });

  it('is some text for whatever is no address', () => {
    for (const odd of ['', ':', '1:2:3:4:5:6:7:8:9::1', 'localhost'])
      expect(sourceNetwork(odd)).toBeTypeOf('string');
  });
});
