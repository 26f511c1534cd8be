import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { largestInterfaceMtu } from './interface-mtu.ts';

const directories: string[] = [];

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

describe('the largest MTU of the interfaces', () => {
  it.each([
    [{ lo: '65536\n', eth0: '1500\n', wg0: '1420\n' }, 1500],
    [{ lo: '65536\n', eth0: '9001\n', docker0: '1500\n' }, 9001],
    [{ lo: '65536\n', tun0: '1280\n' }, 1280],
    [{ lo: '65536\n' }, 1500],
    [{ eth0: 'what?' }, 1500],
    [{ bonding_masters: undefined, eth0: '1500\n' }, 1500],
  ])('is that of %o, without loopback', (interfaces, mtu) => {
    const directory = mkdtempSync(join(tmpdir(), 'interfaces-'));
    directories.push(directory);
    for (const [name, text] of Object.entries(interfaces)) {
      mkdirSync(join(directory, name));
      if (text !== undefined) writeFileSync(join(directory, name, 'mtu'), text);
    }
    expect(largestInterfaceMtu(directory)).toBe(mtu);
  });

  it('is that of Ethernet where nothing is told', () => {
    expect(largestInterfaceMtu('/nowhere')).toBe(1500);
  });
});
