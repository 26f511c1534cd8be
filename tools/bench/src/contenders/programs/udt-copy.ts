// One file over UDT: `udt-copy LIBRARY send|receive ADDRESS PORT FILE BYTES`. The receiver waits at the address.
import koffi from 'koffi';

const [library = '', role, address = '', port, file = '', bytes] = process.argv.slice(2);
const BUFFER_BYTES = 64 * 2 ** 20;
/** Of udt.h, `UDTOpt`. */
const UDT_FC = 4;
const UDT_SNDBUF = 5;
const UDT_RCVBUF = 6;
const UDP_SNDBUF = 8;
const UDP_RCVBUF = 9;
const AF_INET = 2;
const SOCK_STREAM = 1;

const udt = koffi.load(library);
// The names of the C++ functions in the library.
const startUp = udt.func('_ZN3UDT7startupEv', 'int', []);
const cleanUp = udt.func('_ZN3UDT7cleanupEv', 'int', []);
const open = udt.func('_ZN3UDT6socketEiii', 'int', ['int', 'int', 'int']);
const setOption = udt.func('_ZN3UDT10setsockoptEii6UDTOptPKvi', 'int', [
  'int',
  'int',
  'int',
  'void *',
  'int',
]);
const bind = udt.func('_ZN3UDT4bindEiPK8sockaddri', 'int', ['int', 'void *', 'int']);
const listen = udt.func('_ZN3UDT6listenEii', 'int', ['int', 'int']);
const accept = udt.func('_ZN3UDT6acceptEiP8sockaddrPi', 'int', ['int', 'void *', 'void *']);
const connect = udt.func('_ZN3UDT7connectEiPK8sockaddri', 'int', ['int', 'void *', 'int']);
const sendFile = udt.func('_ZN3UDT9sendfile2EiPKcPlli', 'int64', ['int', 'str', 'void *', 'int64', 'int']);
const receiveFile = udt.func('_ZN3UDT9recvfile2EiPKcPlli', 'int64', ['int', 'str', 'void *', 'int64', 'int']);
const close = udt.func('_ZN3UDT5closeEi', 'int', ['int']);
const lastError = udt.func('_ZN3UDT17getlasterror_descEv', 'str', []);

startUp();
const socket = check(open(AF_INET, SOCK_STREAM, 0));
set(UDT_FC, BUFFER_BYTES / 1024);
set(UDT_SNDBUF, BUFFER_BYTES);
set(UDT_RCVBUF, BUFFER_BYTES);
set(UDP_SNDBUF, BUFFER_BYTES);
set(UDP_RCVBUF, BUFFER_BYTES);
const name = socketAddress(address, Number(port));
const offset = new BigInt64Array(1);
if (role === 'send') {
  check(connect(socket, name, name.length));
  check(sendFile(socket, file, offset, Number(bytes), 364_000));
} else {
  check(bind(socket, name, name.length));
  check(listen(socket, 1));
  const accepted = check(accept(socket, new Uint8Array(16), new Int32Array([16])));
  check(receiveFile(accepted, file, offset, Number(bytes), 7_280_000));
  check(close(accepted));
}
check(close(socket)); // which waits until all was acknowledged
cleanUp();

function set(option: number, value: number): void {
  check(setOption(socket, 0, option, new Int32Array([value]), 4));
}

/** `struct sockaddr_in`. */
function socketAddress(host: string, hostPort: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, hostPort);
  bytes.set(host.split('.').map(Number), 4);
  return bytes;
}

function check(result: number): number {
  if (result >= 0) return result;
  console.error(`UDT: ${lastError()}`);
  process.exit(1);
}
