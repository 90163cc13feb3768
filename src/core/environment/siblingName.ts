/** What model names have that were trained to follow instructions: `X-Instruct`, `X-Chat`, `X-it`. */
const ALIGNED = /[-_.](instruct|chat|it)(?=$|[-_.])/i;

/** The name of the model before its alignment training, where the model's name tells: `X-Instruct-v2` → `X-v2`. Null: it does not. */
export function siblingName(model: string): string | null {
  const nameStart = Math.max(model.lastIndexOf('/'), model.lastIndexOf('\\')) + 1;
  const name = model.slice(nameStart);
  return ALIGNED.test(name) ? model.slice(0, nameStart) + name.replace(ALIGNED, '') : null;
}
