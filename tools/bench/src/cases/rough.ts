import type { DirectionChanges } from '@jetstream/wan';
import type { WanPath } from '../figures/wan-path.ts';
import { refuseSegmentation } from '../processes/refuse-segmentation.ts';
import type { Running } from '../processes/running.ts';
import type { RoughCase, Surrounding, Trouble } from './case.ts';

const PATH: WanPath = { rateMbitPerSecond: 100, roundTripMs: 50, queueBdp: 1, lossPercent: 0 };
const PORTABLE = { JETSTREAM_PORTABLE: '1' };
/** The kernel makes of it the smallest that it has: 2,304 bytes to receive, 4,608 to send. */
const SMALLEST_BUFFERS = { JETSTREAM_SOCKET_BUFFER: '1' };

/** Segments longer than it are refused: EINVAL, EMSGSIZE. */
const SMALLER_MTU = 'ip link set wan0 mtu 1300';
const USUAL_MTU = 'ip link set wan0 mtu 1500';
/** What comes in finds no route, of which an end that forwards tells the sender by ICMP. */
const REFUSE = [
  'echo 1 > /proc/sys/net/ipv4/conf/all/forwarding',
  'ip rule add pref 2 lookup local',
  'ip rule add pref 1 iif wan0 unreachable',
  'ip rule del pref 0',
].join(' && ');
const ADMIT = 'ip rule del pref 1';

const both = (changes: DirectionChanges, back: DirectionChanges, seconds: number): Trouble => ({
  begin: ({ set }) => set('both', changes),
  seconds,
  end: ({ set }) => set('both', back),
});

const stopped = (end: 'sender' | 'receiver', seconds: number): Trouble => ({
  begin: (scene) => scene[end].signal('SIGSTOP'),
  seconds,
  end: (scene) => scene[end].signal('SIGCONT'),
});

const inBoth = (begin: string, end: string, seconds: number): Trouble => ({
  begin: async ({ inSender, inReceiver }) => {
    await inSender(begin);
    await inReceiver(begin);
  },
  seconds,
  end: async ({ inSender, inReceiver }) => {
    await inSender(end);
    await inReceiver(end);
  },
});

function refuse(ends: readonly Running[]): void {
  for (const pid of ends.flatMap(({ pids }) => pids)) {
    if (refuseSegmentation(pid) === 0) throw new Error(`process ${pid} has no UDP socket`);
  }
}

const SURROUNDINGS: readonly Surrounding[] = [
  { label: 'loss 30 %', mebibytes: 4, link: { 'a-to-b': { lossPercent: 30 } } },
  { label: 'loss 30 % both ways, download', mebibytes: 4, way: 'down', link: { both: { lossPercent: 30 } } },
  { label: 'loss 50 %', mebibytes: 2, link: { 'a-to-b': { lossPercent: 50 } } },
  {
    label: 'nothing passes for 20 s',
    mebibytes: 32,
    trouble: both({ lossPercent: 100 }, { lossPercent: 0 }, 20),
  },
  {
    label: 'nothing passes for 20 s, download',
    mebibytes: 32,
    way: 'down',
    trouble: both({ lossPercent: 100 }, { lossPercent: 0 }, 20),
  },
  {
    label: 'nothing passes any more',
    mebibytes: 32,
    trouble: both({ lossPercent: 100 }, { lossPercent: 100 }, 1),
    mayEndBy: 'connection lost',
  },
  {
    label: 'rate × 0.01 for 15 s',
    mebibytes: 32,
    trouble: both({ rateMbitPerSecond: 1 }, { rateMbitPerSecond: 100 }, 15),
  },
  {
    label: 'round trip 10 → 600 ms for 15 s',
    mebibytes: 64,
    path: { roundTripMs: 10, queueBdp: 10 },
    trouble: both({ delayMs: 300 }, { delayMs: 5 }, 15),
  },
  {
    label: '1 Mbit/s back for 100 there',
    mebibytes: 32,
    link: { 'b-to-a': { rateMbitPerSecond: 1, queue: { ms: 50 } } },
  },
  {
    label: 'ICMP unreachable for 5 s',
    mebibytes: 32,
    trouble: {
      begin: ({ inReceiver }) => inReceiver(REFUSE),
      seconds: 5,
      end: ({ inReceiver }) => inReceiver(ADMIT),
    },
  },
  {
    label: 'no route at the sender for 5 s',
    mebibytes: 32,
    trouble: {
      begin: ({ inSender }) => inSender('ip route del 198.18.0.2'),
      seconds: 5,
      end: ({ inSender }) => inSender('ip route add 198.18.0.2 dev wan0'),
    },
  },
  {
    label: 'server killed: port unreachable',
    mebibytes: 32,
    trouble: { begin: ({ receiver }) => receiver.signal('SIGKILL'), seconds: 1, end: () => {} },
    mayEndBy: 'connection lost',
  },
  { label: 'smallest socket buffers, receiver', mebibytes: 8, environment: { receiver: SMALLEST_BUFFERS } },
  {
    label: 'smallest socket buffers, both',
    mebibytes: 8,
    environment: { sender: SMALLEST_BUFFERS, receiver: SMALLEST_BUFFERS },
  },
  { label: 'no FFI at the sender', mebibytes: 32, environment: { sender: PORTABLE } },
  { label: 'no FFI at the receiver', mebibytes: 32, environment: { receiver: PORTABLE } },
  { label: 'no FFI, both', mebibytes: 32, environment: { sender: PORTABLE, receiver: PORTABLE } },
  {
    label: 'no FFI, both, and smallest socket buffers',
    mebibytes: 8,
    environment: {
      sender: { ...PORTABLE, ...SMALLEST_BUFFERS },
      receiver: { ...PORTABLE, ...SMALLEST_BUFFERS },
    },
  },
  {
    label: 'GSO refused half-way, both',
    mebibytes: 32,
    trouble: { begin: ({ sender, receiver }) => refuse([sender, receiver]), seconds: 0, end: () => {} },
  },
  {
    label: 'MTU 1,500 → 1,300 for 10 s',
    mebibytes: 32,
    trouble: inBoth(SMALLER_MTU, USUAL_MTU, 10),
  },
  { label: 'receiver stopped for 20 s', mebibytes: 32, trouble: stopped('receiver', 20) },
  {
    label: 'receiver stopped for 20 s, download',
    mebibytes: 32,
    way: 'down',
    trouble: stopped('receiver', 20),
  },
  {
    label: 'receiver stopped for 60 s',
    mebibytes: 32,
    trouble: stopped('receiver', 60),
    mayEndBy: 'connection lost',
  },
  {
    label: 'receiver stopped for 60 s, download',
    mebibytes: 32,
    way: 'down',
    trouble: stopped('receiver', 60),
    mayEndBy: 'connection lost',
  },
  {
    label: 'sender stopped for 60 s',
    mebibytes: 32,
    trouble: stopped('sender', 60),
    mayEndBy: 'connection lost',
  },
];

export const ROUGH: RoughCase = {
  kind: 'rough',
  name: 'rough',
  title:
    'bad surroundings: equal bytes or a named error, on 100 Mbit/s, 50 ms, queue 1 BDP where nothing else is said',
  path: PATH,
  surroundings: SURROUNDINGS,
};
