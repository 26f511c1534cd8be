import type { UserData } from '@jetstream/api';
import type { ErrorCode } from '@jetstream/protocol';
import type { RatePolicyName } from '../../contract.ts';
import type { Owner } from '../owner.ts';

/** How a server logs in at a destination; what is secret is sealed, and opened for a login only. */
export type DestinationCredentials =
  | { kind: 'none' }
  /** `key` is the text of an OpenSSH private key; `token` a token and its password, if it has one, as JSON. */
  | { kind: 'password' | 'key' | 'token'; sealed: string };

/** What the far side said of itself, and how it went, at the last contact. */
export interface DestinationContact {
  destinationIP: string | null;
  lastDestinationServerId: string | null;
  lastDestinationServerUid: string | null;
  lastError: ErrorCode | null;
  lastErrorMessage: string | null;
  /** µs since the Unix epoch. */
  lastRecvTime: number | null;
  lastSendTime: number | null;
}

/** A destination as it is stored: plain data. Keys are base64 of 32 bytes. */
export interface DestinationRecord extends DestinationContact, Owner {
  destinationId: string;
  /** µs since the Unix epoch. */
  requestTime: number;
  /** Host name or address. */
  destinationAddress: string;
  /** UDP. */
  destinationPort: number;
  /** Own UDP port; 0: any that is free. */
  sourcePort: number;
  /** Account at the far side. */
  userName: string;
  credentials: DestinationCredentials;
  /** kbit/s, which is the rate of the policy 'fixed'; null: no bound. */
  sendRateMax: number | null;
  ratePolicy: RatePolicyName;
  /** The key that the far side must have; null: the one that it showed first. */
  permittedDestinationPublicKey: string | null;
  /** The one that it showed first, or last while it was permitted. */
  destinationPublicKey: string | null;
  description: string;
  userData: UserData;
}

/** There was none yet. */
export const NO_CONTACT: DestinationContact = {
  destinationIP: null,
  lastDestinationServerId: null,
  lastDestinationServerUid: null,
  lastError: null,
  lastErrorMessage: null,
  lastRecvTime: null,
  lastSendTime: null,
};
