import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatElapsed,
  formatFiles,
  formatRate,
} from './quantities.ts';

describe('quantities', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.00 KiB'],
    [10 * 1024, '10.0 KiB'],
    [2 ** 20 - 1, '1.00 MiB'],
    [256 * 2 ** 20, '256 MiB'],
    [1.5 * 2 ** 40, '1.50 TiB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [0, '0 bit/s'],
    [999.6, '1.00 kbit/s'],
    [950e6, '950 Mbit/s'],
    [4.312e9, '4.31 Gbit/s'],
  ])('%d bits per second are %s', (rate, text) => {
    expect(formatRate(rate)).toBe(text);
  });

  it.each([
    [0, '0:00'],
    [59.6, '1:00'],
    [754, '12:34'],
    [11_109, '3:05:09'],
    [90_000, '1 d 1 h'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it('says times and counts as a person would', () => {
    expect([formatElapsed(412), formatElapsed(12_400), formatElapsed(185_000)]).toEqual([
      '0.4 s',
      '12 s',
      '3:05',
    ]);
    expect([formatCount(2001), formatFiles(1), formatFiles(2001)]).toEqual([
      '2,001',
      '1 file',
      '2,001 files',
    ]);
  });
});
