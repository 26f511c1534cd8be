import type { ErrorCode } from '@jetstream/protocol';
import type { CongestionName, Limiter, PathAddress, RememberedPath } from '@jetstream/transport';
import type { LinkOptions } from './link-options.ts';
import type { TransferOptions } from './transfer/transfer-party.ts';

/** A network, what is sent over it, and what must come of it: plain data. */
export interface Scenario {
  name: string;
  /** One line for people. */
  about: string;
  /** The path from senders of content to receivers, shared by all flows, and the path back. */
  forward: Omit<LinkOptions, 'name'>;
  backward: Omit<LinkOptions, 'name'>;
  flows: readonly FlowOptions[];
  /** Packet protection: none to speak of, which is fast, or AES-256-GCM as in earnest. Default 'none'. */
  protection?: 'none' | 'aes-256-gcm';
  /** All hosts mark their datagrams ECT(0). Default false. */
  marksEcn?: boolean;
  /** How late timers fire, as in a busy process. Default 0. */
  timerLatenessUs?: number;
  /** How late hosts notice arrivals; see `SimulatedHostOptions`. Default: at once. */
  receiveLatenessUs?: { readonly least: number; readonly most: number };
  /** Packets under one key before a key update. Default: that of the endpoint. */
  keyUpdatePackets?: number;
  bounds: ScenarioBounds;
}

export interface FlowOptions {
  /** Default 'bbr'. */
  congestion?: CongestionName;
  /** Does the client send content to the server ('upload'), or take it? Default 'upload'. */
  direction?: 'upload' | 'download';
  transfer: Omit<TransferOptions, 'seed'>;
  /** What the sender of content remembers of the path. Default: nothing. */
  rememberedPath?: RememberedPath;
  /** Addresses that the client gets in the midst of things, at times since both sides had a connection. */
  clientRebindings?: readonly { readonly afterUs: number; readonly address: PathAddress }[];
  /** Times in which one side is stopped (SIGSTOP) and goes on, likewise. */
  stops?: readonly {
    readonly side: 'sender' | 'receiver';
    readonly afterUs: number;
    readonly forUs: number;
  }[];
}

/** What a run must keep; each is checked if it is there. */
export interface ScenarioBounds {
  /** Every flow: from its start (or its connection's establishment, if later) to the last block verified at the receiver. */
  completionUs: number;
  /** The transfer may as well end by one of these, within the same time. Default: it has to complete. */
  mayEndBy?: readonly ErrorCode[];
  /** Every flow: until both sides have a connection, from time 0. */
  establishedUs?: number;
  /** Every flow: what the sender reports as its limiter for most of the time, and what it never reports. */
  limiter?: Limiter;
  neverHeldBy?: readonly Limiter[];
  /** Every flow: content bytes sent again, in units of the content. */
  resentShare?: number;
  /** Every flow: of those, the share that the network had not lost. */
  redundantShare?: number;
  /** When start-up is over, after the start of the (first) flow; the two bounds below look at what comes then. Default 0. */
  steadyFromUs?: number;
  /** Waiting time in the queue of the forward path, 95th percentile. */
  queueTimeP95Us?: number;
  /** The longest of the whole run. */
  queueTimeMaxUs?: number;
  /** Every flow: content bytes acknowledged per second. */
  steadyBytesPerSecond?: number;
  /** Jain's index of fairness over what the flows had acknowledged between two times. */
  fairness?: { fromUs: number; untilUs: number; jain: number };
  /** Parts that flows (by their numbers) had of what all had acknowledged between two times. */
  shares?: { fromUs: number; untilUs: number; ofFlows: readonly FlowShare[] };
}

export interface FlowShare {
  flow: number;
  least: number;
  most: number;
}
