/** Types of the messages that are told apart here (protocol, "Message Formats"). */
export const COPY_DATA = 0x64; // d
export const COPY_DONE = 0x63; // c
export const COPY_OUT_RESPONSE = 0x48; // H
export const COPY_BOTH_RESPONSE = 0x57; // W
export const COMMAND_COMPLETE = 0x43; // C
export const READY_FOR_QUERY = 0x5a; // Z
export const ERROR_RESPONSE = 0x45; // E
export const NOTICE_RESPONSE = 0x4e; // N
export const PARAMETER_STATUS = 0x53; // S
export const NOTIFICATION_RESPONSE = 0x41; // A

/** An error that the server reported, in the shape that `pg` gives its own. */
export class ServerError extends Error {
  /** SQLSTATE. */
  readonly code: string;
  readonly detail: string;

  constructor(fields: ReadonlyMap<string, string>) {
    super(fields.get('M') ?? 'the server reported an error');
    this.code = fields.get('C') ?? '';
    this.detail = fields.get('D') ?? '';
  }
}

const utf8 = new TextDecoder();

/** Reads the fields of an ErrorResponse: a letter and a text each, ended by a zero byte. */
export function parseErrorResponse(bytes: Uint8Array): ServerError {
  const fields = new Map<string, string>();
  let at = 0;
  while (at < bytes.length && bytes[at] !== 0) {
    const end = bytes.indexOf(0, at + 1);
    const last = end < 0 ? bytes.length : end;
    fields.set(String.fromCharCode(bytes[at] ?? 0), utf8.decode(bytes.subarray(at + 1, last)));
    at = last + 1;
  }
  return new ServerError(fields);
}

/** The message that runs a statement by the simple protocol. */
export function queryMessage(sql: string): Buffer {
  return message('Q', Buffer.concat([Buffer.from(sql, 'utf8'), Buffer.of(0)]));
}

export function copyDataMessage(payload: Uint8Array): Buffer {
  return message('d', payload);
}

export function copyDoneMessage(): Buffer {
  return message('c', new Uint8Array(0));
}

export function terminateMessage(): Buffer {
  return message('X', new Uint8Array(0));
}

function message(type: string, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(5 + payload.length);
  bytes.write(type, 0, 'latin1');
  bytes.writeInt32BE(4 + payload.length, 1);
  bytes.set(payload, 5);
  return bytes;
}
