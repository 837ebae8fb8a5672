// The page's icons: 16 × 16 outlines in the colour of the text.

import { svg } from "lit";

const icon = (path: string) =>
  svg`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=${path}></path></svg>`;

export const playIcon = icon("M5 3.2v9.6L12.8 8z");
export const playAllIcon = icon("M2.5 3.5v9L8.5 8zM8.5 3.5v9l6-4.5z");
export const stopIcon = icon("M4 4h8v8H4z");
export const restartIcon = icon("M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3");
export const downloadIcon = icon("M8 2.5v7.5M4.8 7 8 10.2 11.2 7M3 13.5h10");
export const commandIcon = icon("M3 4.5 6.5 8 3 11.5M8 12h5.5");
export const outlineIcon = icon("M2.5 4h11M5 8h8.5M5 12h8.5");
export const folderIcon = icon("M2 12.5v-9h4.2l1.5 1.8H14v7.2z");
export const themeIcon = icon("M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12");
export const liveIcon = icon("M9.2 1.8 3.4 9.2H8l-1.2 5 5.8-7.4H8z");
export const upIcon = icon("M8 13V3.5M4 7.3 8 3.3l4 4");
export const downIcon = icon("M8 3v9.5M4 8.7l4 4 4-4");
export const deleteIcon = icon("M3 4.5h10M6.3 4.5V3h3.4v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5M6.8 7v3.6M9.2 7v3.6");
export const dataIcon = icon(
  "M3 4c0-2.4 10-2.4 10 0v8c0 2.4-10 2.4-10 0zM3 4c0 2.4 10 2.4 10 0M3 8c0 2.4 10 2.4 10 0",
);
export const plusIcon = icon("M8 3.5v9M3.5 8h9");
export const shareIcon = icon("M8 10V2.5M5 5.3 8 2.3l3 3M3.5 8v5.5h9V8");
export const libraryIcon = icon("M3 3h2.5v10H3zM7 3h2.5v10H7zM11 3.4l1.8-.5 1.7 9.7-1.8.4z");
