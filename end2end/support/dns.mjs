// A name server for tests. It listens where it says, by UDP for questions and by HTTP for orders, and
// knows the TXT records that it was told of:
//
//   publish  {"name": "_8thdegree.example.com", "text": "…"}

import { createSocket } from "node:dgram";

import { options, send, serve } from "./stand-in.mjs";

const chosen = options("DNS", { port: "0" });
const texts = new Map();

const HEADER = 12;
const ANSWERED = 0x8180;
const NO_SUCH_NAME = 0x8183;

function answer(question) {
  const labels = [];
  let at = HEADER;
  while (question[at] > 0) {
    labels.push(question.toString("latin1", at + 1, at + 1 + question[at]));
    at += question[at] + 1;
  }
  const found = texts.get(labels.join(".").toLowerCase()) ?? [];
  const header = Buffer.alloc(HEADER);
  question.copy(header, 0, 0, 2);
  header.writeUInt16BE(found.length ? ANSWERED : NO_SUCH_NAME, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(found.length, 6);
  // The end of the name, the type and the class.
  return Buffer.concat([header, question.subarray(HEADER, at + 5), ...found.map(record)]);
}

/** A TXT record of the name that was asked for. */
function record(text) {
  const data = Buffer.from(text);
  const head = Buffer.from([0xc0, HEADER, 0, 16, 0, 1, 0, 0, 0, 0, 0, data.length + 1, data.length]);
  return Buffer.concat([head, data]);
}

serve(chosen.port, (address) => {
  const socket = createSocket("udp4");
  socket.on("message", (question, from) => socket.send(answer(question), from.port, from.address));
  socket.bind(Number(new URL(address).port), "127.0.0.1");
  return {
    handle: (_, response) => send(response, 404, {}),
    control: { publish: ({ name, text }) => void texts.set(name, [...(texts.get(name) ?? []), text]) },
  };
});
