// A conversation over one websocket, frame by frame, for what a well-behaved client would never send.
import assert from 'node:assert/strict';
import WebSocket from 'ws';
import { bearer, socketUrl } from './server.mjs';

const PATIENCE_MS = 15_000;

const opened = new Set();

export class Conversation {
  #inbox = [];
  #wake = () => {};
  #socket;
  /** Code and reason of the close frame, once it came. */
  closed = undefined;

  /** Opens the socket; the subprotocols are offered in the order given. */
  static async open(protocols = ['graphql-transport-ws'], options = {}) {
    const socket = new WebSocket(socketUrl, protocols, options);
    const conversation = new Conversation(socket);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return conversation;
  }

  /** Opens the socket and gets through connection_init. */
  static async begin(token) {
    const conversation = await Conversation.open();
    conversation.send({ type: 'connection_init', ...(token && { payload: { Authorization: bearer(token) } }) });
    assert.equal((await conversation.next()).type, 'connection_ack');
    return conversation;
  }

  constructor(socket) {
    this.#socket = socket;
    opened.add(socket);
    socket.on('message', (data) => this.#add(JSON.parse(data)));
    socket.on('close', (code, reason) => {
      opened.delete(socket);
      this.closed = { code, reason: reason.toString() };
      this.#wake();
    });
    socket.on('error', () => {});
  }

  #add(message) {
    this.#inbox.push(message);
    this.#wake();
  }

  get protocol() {
    return this.#socket.protocol;
  }

  send(message) {
    this.sendText(JSON.stringify(message));
  }

  sendText(text) {
    this.#socket.send(text);
  }

  subscribe(id, query, variables = {}) {
    this.send({ id, type: 'subscribe', payload: { query, variables } });
  }

  /** The next message; the server's pings are answered and passed over, unless they are what is waited for. */
  async next({ pings = false, patience = PATIENCE_MS } = {}) {
    const deadline = Date.now() + patience;
    for (;;) {
      const message = this.#inbox.shift();
      if (message?.type === 'ping') this.send({ type: 'pong' });
      if (message && (pings || message.type !== 'ping')) return message;
      if (message) continue;
      if (this.closed) throw new Error(`closed with ${this.closed.code} ${this.closed.reason}`);
      await this.#change(deadline, 'no message came');
    }
  }

  /** The next message for which `wanted` holds; earlier ones must satisfy `passing`. */
  async nextWhere(wanted, passing = () => true) {
    for (;;) {
      const message = await this.next();
      if (wanted(message)) return message;
      assert.ok(passing(message), `unexpected message ${JSON.stringify(message)}`);
    }
  }

  /** Waits for the server to close, and gives the close code. */
  async closeCode() {
    const deadline = Date.now() + PATIENCE_MS;
    while (!this.closed) await this.#change(deadline, 'the server did not close the socket');
    return this.closed.code;
  }

  async #change(deadline, complaint) {
    let timer;
    await new Promise((resolve, reject) => {
      this.#wake = resolve;
      timer = setTimeout(() => reject(new Error(complaint)), Math.max(0, deadline - Date.now()));
    }).finally(() => clearTimeout(timer));
  }

  /** Ends all that are still open, also those a failed test forgot. */
  static endAll() {
    for (const socket of opened) socket.terminate();
  }

  end() {
    this.#socket.terminate();
  }
}
