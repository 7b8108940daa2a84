import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import type { JudgeEngine } from './installation.ts';
import { JudgeError } from './judge-error.ts';
import { encodeRequest, LineCutter } from './judge-protocol.ts';
import type { WireAnswer, WireMessage, WireRequest } from './judge-protocol.ts';

type Success = Extract<WireAnswer, { ok: true }>;

interface Waiting {
  readonly resolve: (answer: Success) => void;
  readonly reject: (error: JudgeError) => void;
}

const LAST_WORDS_LENGTH = 4000;
const EXIT_GRACE_MS = 10_000;

/** The process of a judge and the requests it has not answered yet. */
export class JudgeProcess {
  readonly engine: JudgeEngine;
  /** Resolves to the engine's version when it takes requests; rejects `judge/start-failed`. */
  readonly ready: Promise<string>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<unknown>;
  #ended: string | undefined;
  #lastWords = '';
  #requests = 0;

  /** `scratch` becomes the working directory and the place of temporary files. */
  constructor(engine: JudgeEngine, command: readonly [string, ...string[]], scratch: string) {
    this.engine = engine;
    const [program, ...args] = command;
    this.#child = spawn(program, args, {
      cwd: scratch,
      env: { ...process.env, TMPDIR: scratch, TZ: 'UTC' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // A program that cannot be started is told by `ready`.
    this.#exited = Promise.allSettled([once(this.#child, 'close')]);
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS_LENGTH);
    });
    // A write to a process that is gone fails here; `close` below tells every waiting request.
    this.#child.stdin.on('error', () => undefined);
    this.ready = this.#listen();
  }

  /** Sends a request; rejects `judge/unsupported`, `judge/engine`, `judge/died`. */
  ask(request: WireRequest): Promise<Success> {
    if (this.#ended !== undefined) return Promise.reject(this.#death('judge/died'));
    const id = ++this.#requests;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin.write(encodeRequest(id, request));
    });
  }

  /** Lets the process finish what it was asked and end; kills it when it does not. */
  async end(): Promise<void> {
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), EXIT_GRACE_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  #listen(): Promise<string> {
    const cutter = new LineCutter();
    return new Promise((resolve, reject) => {
      this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
        for (const line of cutter.push(text)) {
          const message = JSON.parse(line) as WireMessage;
          if ('ready' in message) resolve(message.version);
          else this.#settle(message);
        }
      });
      const gone = (how: string) => {
        this.#ended ??= how;
        reject(this.#death('judge/start-failed'));
        for (const { reject: refuse } of this.#waiting.values()) refuse(this.#death('judge/died'));
        this.#waiting.clear();
      };
      this.#child.on('error', (error) => gone(error.message));
      this.#child.on('close', (code, signal) => gone(signal ?? `exit ${code ?? 'unknown'}`));
    });
  }

  #settle(answer: WireAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.ok) {
      waiting?.resolve(answer);
      return;
    }
    const code = answer.kind === 'unsupported' ? 'judge/unsupported' : 'judge/engine';
    waiting?.reject(new JudgeError(code, `${this.engine}: ${answer.error}`));
  }

  #death(code: 'judge/start-failed' | 'judge/died'): JudgeError {
    const words = this.#lastWords.trim();
    return new JudgeError(
      code,
      `${this.engine} ended (${this.#ended ?? 'unknown'})${words === '' ? '' : `:\n${words}`}`,
    );
  }
}
