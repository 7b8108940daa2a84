import type { LogFields, Logger } from '@cdc-demo/cdc-core';
import { createLogger, format, transports } from 'winston';
import { lineStream } from './line-stream.ts';
import { redact, redactText } from './redact.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Takes one line without its line feed. */
export type LineWriter = (line: string) => void;

/**
 * A logger of one JSON object a line: `timestamp` (ISO 8601, UTC), `level`, `message`, then the
 * fields. Lines go to standard error unless `write` is given.
 */
export function jsonLogger(level: LogLevel, write?: LineWriter): Logger {
  const line = format.printf(({ timestamp, level: at, message, ...fields }) => {
    const safe = Object.entries(fields).map(([key, value]) => [key, redact(key, value)] as const);
    const head = { timestamp, level: at, message: redactText(String(message)) };
    return JSON.stringify({ ...head, ...Object.fromEntries(safe) });
  });
  const stream = new transports.Stream({ stream: write ? lineStream(write) : process.stderr });
  const winston = createLogger({
    level,
    format: format.combine(format.timestamp(), line),
    transports: [stream],
  });
  return asLogger((at, message, fields) => winston.log(at, message, fields), {});
}

type Log = (level: LogLevel, message: string, fields: LogFields) => void;

function asLogger(log: Log, own: LogFields): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      log(level, message, { ...own, ...fields });
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => asLogger(log, { ...own, ...fields }),
  };
}
