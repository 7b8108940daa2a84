import { Writable } from 'node:stream';

/** A stream that hands each line to `write`. */
export function lineStream(write: (line: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: unknown, _encoding, done) {
      write(String(chunk).replace(/\n$/, ''));
      done();
    },
  });
}
