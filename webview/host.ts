interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** The extension, as a page sees it. */
export class Host<Incoming extends { readonly type: string }, Outgoing, State> {
  private readonly api = acquireVsCodeApi();

  /** Messages of a type that the page does not know are passed over. */
  listen(types: readonly Incoming['type'][], listener: (message: Incoming) => void): void {
    window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (hasType(data) && types.includes(data.type)) listener(data as Incoming);
    });
  }

  post(message: Outgoing): void {
    this.api.postMessage(message);
  }

  get state(): Partial<State> {
    return (this.api.getState() ?? {}) as Partial<State>;
  }

  set state(state: State) {
    this.api.setState(state);
  }
}

function hasType(data: unknown): data is { type: string } {
  return typeof data === 'object' && data !== null && typeof (data as { type?: unknown }).type === 'string';
}
