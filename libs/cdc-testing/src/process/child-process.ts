import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface NodeProcessOptions {
  readonly cwd?: string;
  /** On top of this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** It has a standard input; otherwise that is empty. */
  readonly input?: boolean;
}

/** A Node process under test, and all that it has printed. */
export class NodeProcess {
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  #output = '';
  #stdout = '';
  #listeners: (() => void)[] = [];

  /** @param args file and arguments for `node` */
  constructor(args: readonly string[], { cwd, env = {}, input = false }: NodeProcessOptions = {}) {
    const merged: NodeJS.ProcessEnv = { ...process.env, ...env };
    delete merged['NODE_OPTIONS'];
    this.#child = spawn(process.execPath, args, {
      env: merged,
      stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        for (const listener of this.#listeners) listener();
      });
    }
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        resolve({ code, signal });
      });
    });
  }

  /** Standard output and standard error so far, in the order in which they came. */
  get output(): string {
    return this.#output;
  }

  /** Standard output alone. */
  get stdout(): string {
    return this.#stdout;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Resolves when the output matches; rejects when the process ends before. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    const found = pattern.exec(this.#output);
    if (found) return found;
    const printed = new Promise<RegExpExecArray>((resolve) => {
      this.#listeners.push(() => {
        const match = pattern.exec(this.#output);
        if (match) resolve(match);
      });
    });
    const ended = this.exited.then(({ code, signal }) => {
      throw new Error(
        `It ended (${String(code ?? signal)}) without ${pattern.source}:\n${this.#output}`,
      );
    });
    return Promise.race([printed, ended]);
  }

  /** Writes to its standard input, which it was made with. */
  write(text: string): void {
    if (!this.#child.stdin) throw new Error('The process has no standard input');
    this.#child.stdin.write(text);
  }

  /** Sends a signal and, for one that ends the process, resolves when it has ended. */
  async kill(signal: NodeJS.Signals): Promise<Exit | undefined> {
    this.#child.kill(signal);
    return signal === 'SIGSTOP' || signal === 'SIGCONT' ? undefined : this.exited;
  }
}
