import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { ServerUser } from './server-user.ts';

/**
 * Runs the server beside a shell that waits for the end of its own input. That comes when this
 * process dies in any way, kill -9 included, or with the word `keep`. The shell then ends the
 * server by its pid, which cannot have been given away because only the shell can reap it, and
 * removes the folder $0 unless told to keep it. The server is the only one that holds standard
 * error, so its end tells that every process of the server is gone.
 */
const keeper = ({ endSignal = 'QUIT' }: ServerCommand): string => `
"$@" </dev/null >&2 &
pid=$!
exec 2>/dev/null
echo $pid
read -r word
if [ -z "$0" ]; then kill -INT $pid; else kill -${endSignal} $pid; fi
wait $pid
[ "$word" = keep ] || [ -z "$0" ] || rm -rf -- "$0"
`;

/** A standby takes read-only ones. */
const READY = /database system is ready to accept (read-only )?connections/;
const LOG_LIMIT = 64 * 1024;
const PATIENCE_MS = 10_000;

export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly user: ServerUser;
  /** Folder to remove should this process die. */
  readonly temporary: string | undefined;
  /** What the server writes once it takes connections; what Postgres writes unless given. */
  readonly ready?: RegExp;
  /** Ends a server at once whose folder vanishes anyway; `QUIT` unless given. */
  readonly endSignal?: 'QUIT' | 'TERM';
}

export type StartOutcome = 'ready' | 'ended';

/** A server process that does not outlive this process. */
export class ServerProcess {
  readonly pid: number;
  readonly #keeper: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #readyText: RegExp;
  readonly #ended: Promise<void>;
  #isEnded = false;
  #log = '';

  private constructor(
    child: ChildProcessByStdio<Writable, Readable, Readable>,
    pid: number,
    ready: RegExp,
  ) {
    this.pid = pid;
    this.#keeper = child;
    this.#readyText = ready;
    child.stderr.on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-LOG_LIMIT);
    });
    this.#ended = once(child.stderr, 'close').then(() => {
      this.#isEnded = true;
    });
  }

  static async spawn(command: ServerCommand): Promise<ServerProcess> {
    const { program, args, user, temporary, ready = READY } = command;
    const started = spawn('/bin/sh', ['-c', keeper(command), temporary ?? '', program, ...args], {
      ...user.identity,
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    started.stdin.on('error', () => {
      // The keeper is gone; there is nothing left to tell it.
    });
    started.stderr.setEncoding('utf8');
    await once(started, 'spawn');
    const [line] = (await once(started.stdout, 'data')) as [Buffer];
    return new ServerProcess(started, Number(line.toString('utf8')), ready);
  }

  /** The newest lines that the server wrote. */
  get log(): string {
    return this.#log;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Waits until the server takes connections, or has ended. */
  async ready(): Promise<StartOutcome> {
    const { stderr } = this.#keeper;
    const outcome = await new Promise<StartOutcome>((resolve) => {
      const look = (): void => {
        if (this.#readyText.test(this.#log)) resolve('ready');
      };
      look();
      stderr.on('data', look);
      void this.#ended.then(() => resolve('ended'));
    });
    if (outcome === 'ready') this.#hold(false);
    else await this.#reap();
    return outcome;
  }

  /**
   * Sends a signal to the server and waits until all its processes are gone. A fast shutdown
   * (SIGINT) waits for replication clients to confirm everything; one that does not within 10 s is
   * left behind by an immediate shutdown.
   */
  async end(signal: 'SIGINT' | 'SIGQUIT' | 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#hold(true);
    if (!this.#isEnded) process.kill(this.pid, signal);
    const patience = setTimeout(() => {
      if (!this.#isEnded) process.kill(this.pid, 'SIGQUIT');
    }, PATIENCE_MS);
    await this.#reap();
    clearTimeout(patience);
  }

  async #reap(): Promise<void> {
    await this.#ended;
    if (this.#keeper.exitCode !== null) return;
    const exited = once(this.#keeper, 'exit');
    this.#keeper.stdin.end('keep\n');
    await exited;
  }

  /** Does the server keep this process alive? */
  #hold(held: boolean): void {
    const { stdin, stdout, stderr } = this.#keeper;
    for (const part of [this.#keeper, stdin, stdout, stderr]) {
      const handle = part as { ref?: () => void; unref?: () => void };
      if (held) handle.ref?.();
      else handle.unref?.();
    }
  }
}
