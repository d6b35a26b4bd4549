/* engine.js -- the engine and the few files that it sees. It runs in a worker, so that the page never waits.
 *
 * What the module asks of a system is a part of WASI: files, of which there is one flat folder in memory, `files`,
 * a Map of name -> Uint8Array. What is dropped on the page is put there, and so are checkpoints. */
'use strict';

async function makeEngine(module, files) {
  const open = new Map(); // descriptor -> {name, at}; 3 is the folder
  let nextDescriptor = 4, exports, said = '';
  const OK = 0, BAD = 8, EXISTS = 20, NONE = 44, INVALID = 28;
  const view = () => new DataView(exports.memory.buffer);
  const memory = (at, n) => new Uint8Array(exports.memory.buffer, at, n);
  const text = (at, n) => new TextDecoder().decode(memory(at, n));

  // Each part of a vector of (address, length), until one is not filled whole.
  function eachPart(list, n, each) {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const at = view().getUint32(list + 8 * i, true), size = view().getUint32(list + 8 * i + 4, true), done = each(memory(at, size));
      sum += done;
      if (done < size) break;
    }
    return sum;
  }
  function read(file, at, to) {
    const part = files.get(file.name).subarray(at, at + to.length);
    to.set(part);
    return part.length;
  }
  function write(file, from) {
    const old = files.get(file.name), size = Math.max(old.length, file.at + from.length);
    let room = old; // grows by doubling, as the buffer below it
    if (size > old.buffer.byteLength) {
      room = new Uint8Array(new ArrayBuffer(2 * size));
      room.set(old);
    }
    room = new Uint8Array(room.buffer, 0, size);
    room.set(from, file.at);
    files.set(file.name, room);
    file.at += from.length;
    return from.length;
  }
  function stat(out, name) {
    for (let i = 0; i < 64; i += 8) view().setBigUint64(out + i, 0n, true);
    view().setUint8(out + 16, name === '.' ? 3 : 4);
    view().setBigUint64(out + 32, BigInt(name === '.' ? 0 : files.get(name).length), true);
    return OK;
  }
  const has = name => name === '.' || files.has(name);
  const wasi = {
    fd_prestat_get(fd, out) {
      if (fd !== 3) return BAD;
      view().setUint32(out, 0, true);
      view().setUint32(out + 4, 1, true);
      return OK;
    },
    fd_prestat_dir_name(fd, out) { memory(out, 1)[0] = 46; return OK; },
    fd_fdstat_get(fd, out) {
      for (let i = 0; i < 24; i += 8) view().setBigUint64(out + i, i === 0 ? 0n : ~0n & 0xffffffffffffffffn, true);
      view().setUint8(out, fd === 3 ? 3 : 4);
      return OK;
    },
    path_open(fd, flags, path, length, create, rights, inherited, fdFlags, out) {
      const name = text(path, length);
      if (create & 1 && create & 4 && files.has(name)) return EXISTS;
      if (!has(name) && !(create & 1)) return NONE;
      if (name !== '.' && (create & 8 || !files.has(name))) files.set(name, new Uint8Array(0));
      open.set(nextDescriptor, {name, at: 0});
      view().setUint32(out, nextDescriptor++, true);
      return OK;
    },
    fd_close(fd) { return open.delete(fd) ? OK : BAD; },
    fd_filestat_get(fd, out) { return open.has(fd) ? stat(out, open.get(fd).name) : BAD; },
    path_filestat_get(fd, flags, path, length, out) {
      const name = text(path, length);
      return has(name) ? stat(out, name) : NONE;
    },
    fd_pread(fd, list, n, at, out) {
      let from = Number(at);
      view().setUint32(out, eachPart(list, n, to => { const k = read(open.get(fd), from, to); from += k; return k; }), true);
      return OK;
    },
    fd_write(fd, list, n, out) {
      view().setUint32(out, eachPart(list, n, from => {
        if (open.has(fd)) return write(open.get(fd), from);
        said += new TextDecoder().decode(from); // a broken assertion
        return from.length;
      }), true);
      return OK;
    },
    fd_seek: () => INVALID, fd_filestat_set_size: () => INVALID, // of logs, which nobody keeps here
    fd_sync: () => OK,
    path_rename(fd, from, fromLength, to, toPath, toLength) {
      const name = text(from, fromLength);
      if (!files.has(name)) return NONE;
      files.set(text(toPath, toLength), files.get(name));
      files.delete(name);
      return OK;
    },
    path_unlink_file(fd, path, length) { return files.delete(text(path, length)) ? OK : NONE; },
    proc_exit() { throw new Error(said || 'the engine stopped'); },
  };
  exports = (await WebAssembly.instantiate(module, {wasi_snapshot_preview1: wasi})).exports;
  exports._initialize();
  const engine = exports.ct_web_new();
  if (engine === 0) throw new Error('no memory for the engine');

  // A call of web.h: texts and numbers are copied into the module, and numbers back; the answer is read from it.
  const call = (name, ...args) => {
    const rooms = [];
    const given = args.map(a => {
      if (typeof a === 'number') return a;
      const bytesOf = typeof a === 'string' ? new TextEncoder().encode(a + '\0') : new Uint8Array(a.buffer);
      const at = exports.ct_alloc(1, bytesOf.length);
      memory(at, bytesOf.length).set(bytesOf);
      rooms.push([at, a instanceof Float32Array ? bytesOf : null]);
      return at;
    });
    const at = exports['ct_web_' + name](engine, ...given);
    for (const [r, back] of rooms) {
      if (back) back.set(memory(r, back.length));
      exports.ct_free(r);
    }
    const all = new Uint8Array(exports.memory.buffer, at);
    return JSON.parse(new TextDecoder().decode(all.subarray(0, all.indexOf(0))));
  };
  call.bytes = () => exports.memory.buffer.byteLength;
  return call;
}
