const NARROW = /[ijltfrI.,:;'|!()[\]]/;
const WIDE = /[mwMW%@]/;

/** Width of a line of sans-serif text in pixels, roughly: without a canvas Vega takes every character to be 0.8 of the font size wide, half as wide again as it is. */
export function approximateTextWidth(text: string, fontSize: number): number {
  let ems = 0;
  for (const character of text) {
    ems += characterWidth(character);
  }
  return ems * fontSize;
}

function characterWidth(character: string): number {
  if (character === ' ') {
    return 0.32;
  }
  if (NARROW.test(character)) {
    return 0.36;
  }
  if (WIDE.test(character)) {
    return 0.92;
  }
  return /[A-Z0-9]/.test(character) ? 0.66 : 0.61;
}
