// SPDX-License-Identifier: MIT
//! The neuron as a port in Rust, a shared library: the structures are those of gradgate/port.h.
mod neuron;
use std::{ffi::CStr, os::raw::c_char, slice};

#[repr(C)]
pub struct Array { name: *const c_char, data: *mut f64, shape: *const u64, ndim: u32, dtype: u32 }

#[repr(C)]
pub struct Call {
    abi: u32, kernel: *const c_char, pass: *const c_char, given: *const Array, n_given: usize,
    wanted: *const Array, n_wanted: usize, reason: *mut c_char, reason_size: usize,
}

const F64: u32 = 0;
const DONE: i32 = 0;
const SKIP: i32 = 1;

unsafe fn text<'a>(of: *const c_char) -> &'a str {
    CStr::from_ptr(of).to_str().unwrap_or_default()
}

unsafe fn size(of: &Array) -> usize {
    (0..of.ndim as usize).map(|k| *of.shape.add(k) as usize).product()
}

unsafe fn answer(call: &Call) -> Option<()> {
    ["neuron", "neuron_sample", "neuron_batch"].iter().find(|&&known| known == text(call.kernel))?;
    let given = slice::from_raw_parts(call.given, call.n_given);
    let wanted = slice::from_raw_parts(call.wanted, call.n_wanted);
    given.iter().chain(wanted).all(|a| a.dtype == F64).then(|| ())?;
    let given = given.iter().map(|a| (text(a.name), slice::from_raw_parts(a.data, size(a)).to_vec()));
    let answers = neuron::neuron(text(call.pass), &given.collect())?;
    for a in wanted {
        let values = answers.get(text(a.name)).filter(|values| values.len() == size(a))?;
        slice::from_raw_parts_mut(a.data, values.len()).copy_from_slice(values);
    }
    Some(())
}

/// # Safety
/// The call is as gradgate/port.h says.
#[no_mangle]
pub unsafe extern "C" fn gradgate_port(call: &Call) -> i32 {
    answer(call).map_or(SKIP, |()| DONE)
}
