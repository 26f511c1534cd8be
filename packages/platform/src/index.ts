export {
  type Account,
  lookUpAccount,
  lookUpGroupId,
  lookUpGroupName,
  lookUpUserName,
} from './accounts/account.ts';
export { currentUser } from './accounts/current-user.ts';
export { mayChangeOwners } from './accounts/owner-rights.ts';
export { ShadowFile } from './accounts/shadow.ts';
export { actAs, canActAsOthers } from './act-as.ts';
export { aeadProvider } from './aead/aead-provider.ts';
export { portableAead } from './aead/portable.ts';
export type * from './beneath-root/contract.ts';
export { directoryOperations } from './beneath-root/directory-operations.ts';
export type { DatagramAddress, DatagramPath, DatagramPathOptions } from './datagram/contract.ts';
export { isLoopback, maxDatagramBytesFor } from './datagram/datagram-size.ts';
export { isIpv6Text } from './datagram/ip-version.ts';
export {
  type NativeSocket,
  type NativeSocketOptions,
  type NativeSocketStats,
  type OnDatagram,
  Readiness,
} from './datagram/native/contract.ts';
export { EventFd } from './datagram/native/event-fd.ts';
export { openNativeSocket } from './datagram/native/open.ts';
export { openPortableDatagramPath } from './datagram/portable.ts';
export { fastestCopy } from './fastest-copy.ts';
export { fileError } from './file-error.ts';
export type { FileStatus } from './file-status.ts';
export { type FileSystemSync, openFileSystemSync } from './file-system-sync.ts';
export { setModificationTime } from './modification-time.ts';
export type { NativeMemory } from './native-memory.ts';
export { refuseOpenToOthers } from './open-to-others.ts';
export { pageAlignedMemory } from './page-aligned-memory.ts';
export { dropFromPageCache } from './page-cache.ts';
export { endProcessAfter, keepMemoryPrivate } from './pam/guarded-process.ts';
export { type PamRequest, type PamVerdict, pamChecker } from './pam/pam.ts';
export { punchHole } from './punch-hole.ts';
export { type HoleSeeker, holeSeeker } from './seek-hole.ts';
export { statusOfDescriptor } from './stat.ts';
export { threadCpuClock } from './thread-cpu-time.ts';
export { inNetworkNamespace } from './tun/network-namespace.ts';
export { packetArena } from './tun/packet-arena.ts';
export { PacketPoll } from './tun/packet-poll.ts';
export { preferThisThread } from './tun/real-time-thread.ts';
export { openTunDevice, type TunPackets, tunPackets } from './tun/tun-device.ts';
export { continueWriteBack } from './write-back.ts';
