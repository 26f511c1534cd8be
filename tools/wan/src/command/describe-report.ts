import { DIRECTIONS } from '../direction-options.ts';
import type { DirectionReport, WanReport } from '../wan-report.ts';

/** A report for people: a line for each direction, and what must be known before its figures are believed. */
export function describeReport(report: WanReport): string {
  const lines = DIRECTIONS.map((direction) => `${direction}: ${describeDirection(report[direction])}`);
  const cpu = `emulator: ${report.cpuSeconds.toFixed(1)} s of CPU, ${percent(report.cpuSeconds * 1000, report.elapsedMs)} of one`;
  const lateness = DIRECTIONS.map((direction) => {
    const late = report[direction].lateness;
    return (
      late &&
      `${direction} late by ${ms(late.meanMs)} (mean), ${ms(late.p99Ms)} (99 %), ${ms(late.worstMs)} (worst)`
    );
  });
  if (report.backend === 'tun') lines.push([cpu, ...lateness].join('; '));
  const lost = DIRECTIONS.reduce((sum, direction) => sum + report[direction].lostByEmulation, 0);
  if (lost > 0) lines.push(`the emulator itself lost ${count(lost, 'packet')}: do not trust these figures`);
  return lines.join('\n');
}

function describeDirection(report: DirectionReport): string {
  const { delivered, droppedByQueue, droppedAtRandom, deepestQueue } = report;
  return [
    `${count(delivered.packets, 'packet')}, ${delivered.bytes.toLocaleString('en-US')} bytes delivered`,
    `${droppedByQueue.packets.toLocaleString('en-US')} dropped by the queue`,
    `${droppedAtRandom.packets.toLocaleString('en-US')} at random`,
    ...(report.duplicatedPackets ? [`${count(report.duplicatedPackets, 'copy', 'copies')}`] : []),
    ...(report.reorderedPackets ? [`${count(report.reorderedPackets, 'packet')} held back`] : []),
    `deepest queue ${deepestQueue.bytes.toLocaleString('en-US')} bytes, ${ms(deepestQueue.ms)}`,
  ].join('; ');
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? one : many}`;
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} ms`;
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(0)} %`;
}
