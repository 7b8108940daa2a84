/**
 * - `judge/not-installed`: the engines are not on this machine; run `tools/judges/install.sh`.
 * - `judge/start-failed`: the process ended before it was ready; the message has its last words.
 * - `judge/unsupported`: this engine cannot judge that (README.md has the list); ask another one.
 * - `judge/engine`: the engine refused the table or failed on it. That is a verdict.
 * - `judge/died`: the process ended with a request under way; the message has its last words.
 */
export type JudgeErrorCode =
  | 'judge/not-installed'
  | 'judge/start-failed'
  | 'judge/unsupported'
  | 'judge/engine'
  | 'judge/died';

/** What a judge has to say instead of rows. */
export class JudgeError extends Error {
  override readonly name = 'JudgeError';
  readonly code: JudgeErrorCode;

  constructor(code: JudgeErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
