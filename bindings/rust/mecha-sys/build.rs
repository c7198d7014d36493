// SPDX-License-Identifier: Apache-2.0
//! Finds libmecha: in the folder MECHA_LIB_DIR, else by the command pkg-config.
use std::env;
use std::process::Command;

fn main() {
    for name in ["MECHA_LIB_DIR", "MECHA_STATIC_LIBS", "CC", "PKG_CONFIG", "PKG_CONFIG_PATH"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    if env::var_os("DOCS_RS").is_some() {
        return; // documentation is made without a library
    }
    let is_static = env::var_os("CARGO_FEATURE_STATIC").is_some();
    match env::var("MECHA_LIB_DIR") {
        Ok(folder) => from_folder(&folder, is_static),
        Err(_) => from_pkg_config(is_static),
    }
}

fn from_folder(folder: &str, is_static: bool) {
    let file = if is_static { "libmecha.a" } else { "libmecha.so" };
    let path = std::path::Path::new(folder).join(file);
    if !path.exists() {
        fail(&format!("MECHA_LIB_DIR is {folder}, and there is no {file} in it"));
    }
    println!("cargo:rustc-link-search=native={folder}");
    println!("cargo:lib_dir={folder}");
    if is_static {
        println!("cargo:rustc-link-lib=static=mecha");
        let flags = env::var("MECHA_STATIC_LIBS").unwrap_or_else(|_| ask(&["--static", "--libs"]));
        link_all(&flags, true);
    } else {
        println!("cargo:rustc-link-lib=dylib=mecha");
    }
}

fn from_pkg_config(is_static: bool) {
    let version = concat!("--atleast-version=", env!("CARGO_PKG_VERSION"));
    ask(&[version]);
    let flags = if is_static { ask(&["--static", "--libs"]) } else { ask(&["--libs"]) };
    if is_static {
        println!("cargo:rustc-link-lib=static=mecha");
    }
    link_all(&flags, is_static);
}

/// Hands `-L` and `-l` of pkg-config to the linker; libmecha itself is named already when static.
fn link_all(flags: &str, is_static: bool) {
    for flag in flags.split_whitespace() {
        if let Some(folder) = flag.strip_prefix("-L") {
            println!("cargo:rustc-link-search=native={folder}");
            println!("cargo:lib_dir={folder}");
        } else if let Some(file) = flag.strip_prefix("-l:") {
            link_archive(file);
        } else if let Some(name) = flag.strip_prefix("-l") {
            if name != "mecha" || !is_static {
                println!("cargo:rustc-link-lib=dylib={name}");
            }
        }
    }
}

/// Links `libname.a`, which the linker would know how to find, and cargo has to be told.
fn link_archive(file: &str) {
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let output = Command::new(&compiler).arg(format!("-print-file-name={file}")).output();
    let found = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let path = found.unwrap_or_else(|error| fail(&format!("{compiler} cannot be run: {error}")));
    let name = file.strip_prefix("lib").and_then(|file| file.strip_suffix(".a"));
    match (std::path::Path::new(&path).parent(), name) {
        (Some(folder), Some(name)) if path != file => {
            println!("cargo:rustc-link-search=native={}", folder.display());
            println!("cargo:rustc-link-lib=static={name}");
        }
        _ => fail(&format!("{file} was not found by {compiler}")),
    }
}

fn ask(arguments: &[&str]) -> String {
    let command = env::var("PKG_CONFIG").unwrap_or_else(|_| "pkg-config".to_owned());
    let output = Command::new(&command).args(arguments).arg("mecha").output();
    match output {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).into_owned()
        }
        Ok(output) => fail(&format!(
            "{command} {} mecha: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Err(error) => fail(&format!("{command} cannot be run: {error}")),
    }
}

fn fail(problem: &str) -> ! {
    eprintln!(
        "mecha-sys: libmecha {} or newer was not found. {problem}. Install it so that pkg-config \
         knows it, or set MECHA_LIB_DIR to the folder of libmecha.so.",
        env!("CARGO_PKG_VERSION")
    );
    std::process::exit(1);
}
