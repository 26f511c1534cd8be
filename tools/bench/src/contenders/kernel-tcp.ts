import { readFileSync } from 'node:fs';
import { type Place, Running } from '../processes/running.ts';
import type { Scene } from './contender.ts';

export type TcpCongestionControl = 'bbr' | 'cubic';

/** IPv4 20, TCP 20, its time stamps 12. */
export const TCP_HEADER_BYTES = 52;

/** Enough for two products of rate and round trip of every case. */
const BUFFER_BYTES = 64 * 2 ** 20;

/**
 * Sets both ends, which are in namespaces of ours: congestion control, and buffers that are never what limits. The control is set
 * by the route, since a namespace may choose only among those that the machine allows to everybody.
 */
export async function tuneTcp({ sender, receiver }: Scene, control: TcpCongestionControl): Promise<void> {
  await tune(sender, receiver.address, control);
  await tune(receiver, sender.address, control);
}

export function tcpLack(control: TcpCongestionControl): string | undefined {
  const available = readFileSync('/proc/sys/net/ipv4/tcp_available_congestion_control', 'utf8');
  return available.split(/\s+/).includes(control)
    ? undefined
    : `no ${control} in the kernel: modprobe tcp_${control}`;
}

async function tune(place: Place, peer: string, control: TcpCongestionControl): Promise<void> {
  const script = [
    `echo '4096 131072 ${BUFFER_BYTES}' > /proc/sys/net/ipv4/tcp_rmem`,
    `echo '4096 65536 ${BUFFER_BYTES}' > /proc/sys/net/ipv4/tcp_wmem`,
    `case $(ip route get ${peer}) in
       local*) ip route replace local ${peer} dev lo table local congctl ${control} ;;
       *) ip route change ${peer} dev wan0 congctl ${control} ;;
     esac`,
  ].join(' && ');
  const { status, stderr } = await new Running(place, ['sh', '-c', script]).ended;
  if (status !== 0) throw new Error(`cannot set up TCP: ${stderr.trim()}`);
}
