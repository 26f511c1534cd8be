/** Numbers and layouts of Linux's socket interface: the same on x64 and arm64 (LP64, little-endian). Byte offsets. */

export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000;

export const SOL_IP = 0;
export const SOL_SOCKET = 1;
export const SOL_UDP = 17;
export const SOL_IPV6 = 41;

export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_REUSEPORT = 15;
export const SO_SNDBUFFORCE = 32;
export const SO_RCVBUFFORCE = 33;
/** Also the type of the control message that it makes: a `struct timespec` of CLOCK_REALTIME. */
export const SO_TIMESTAMPNS = 35;

export const IP_TOS = 1;
export const IP_PKTINFO = 8;
export const IP_MTU_DISCOVER = 10;
export const IP_RECVTOS = 13;
export const IPV6_MTU_DISCOVER = 23;
export const IPV6_V6ONLY = 26;
export const IPV6_RECVPKTINFO = 49;
export const IPV6_PKTINFO = 50;
export const IPV6_RECVTCLASS = 66;
export const IPV6_TCLASS = 67;
export const UDP_SEGMENT = 103;
export const UDP_GRO = 104;

/** Never fragment and never believe ICMP about it: the path MTU search of RFC 8899 does its own probing. */
export const PMTUDISC_PROBE = 3;
/** ECN codepoint of RFC 3168: a sender that heeds marks. */
export const ECT_0 = 2;

export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;

export const POLLIN = 1;
export const POLLOUT = 4;
export const POLLNVAL = 32;
export const EFD_NONBLOCK_CLOEXEC = 0o4000 | 0o2000000;
export const CLOCK_REALTIME = 0;
export const PR_SET_TIMERSLACK = 29;

export const EPERM = 1;
export const EINTR = 4;
export const EIO = 5;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EINVAL = 22;
export const EMSGSIZE = 90;
export const EAFNOSUPPORT = 97;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
export const ENETUNREACH = 101;
export const ENOBUFS = 105;
export const EHOSTUNREACH = 113;

/** `struct mmsghdr`: a `struct msghdr` and the length received. */
export const MMSGHDR_BYTES = 64;
export const MSG_NAME = 0;
export const MSG_NAMELEN = 8;
export const MSG_IOV = 16;
export const MSG_IOVLEN = 24;
export const MSG_CONTROL = 32;
export const MSG_CONTROLLEN = 40;
export const MSG_FLAGS = 48;
export const MSG_LEN = 56;

export const IOVEC_BYTES = 16;
export const IOV_LEN = 8;

/** `struct timespec` */
export const TIMESPEC_BYTES = 16;
export const TV_NSEC = 8;

/** `struct cmsghdr`; data follow it, and the next one begins at the next multiple of 8. */
export const CMSGHDR_BYTES = 16;
export const CMSG_LEVEL = 8;
export const CMSG_TYPE = 12;

export const SOCKADDR_IN_BYTES = 16;
export const SOCKADDR_IN6_BYTES = 28;
/** Room for either, and for pointers after it. */
export const SOCKADDR_ROOM = 32;
