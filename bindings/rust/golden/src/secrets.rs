// SPDX-License-Identifier: Apache-2.0
//! One secret, an absent one, one out of scope, all of them.
use crate::{name_of, start, yes_no};
use mecha::{Result, Secrets, Status};

fn value_of(secrets: &Secrets, name: &str) -> Result<String> {
    let secret = secrets.get(name).wait()?;
    Ok(secret.map_or(String::new(), |secret| String::from_utf8_lossy(secret.value()).into()))
}

pub fn run(folder: &str) -> Result<()> {
    let runtime = start(folder)?;
    let secrets = runtime.secrets("secrets");
    println!("token: {}", value_of(&secrets, "token")?);
    println!("database:user: {}", value_of(&secrets, "database:user")?);
    let absent = secrets.get("nothing").wait()?;
    let status = if absent.is_some() { Status::Ok } else { Status::NotFound };
    println!("nothing: {status}, found {}", yes_no(absent.is_some()));
    println!("hidden: {}", name_of(&secrets.get("hidden").wait()));
    println!("no name: {}", name_of(&secrets.get("").wait()));
    let all = secrets.list().wait()?;
    let show = |item: mecha::Item<'_>| {
        let value = String::from_utf8_lossy(item.value());
        format!("{}/{} = {value}", item.group(), item.key())
    };
    let mut lines: Vec<String> = all.iter().map(show).collect();
    lines.sort();
    println!("list: {}", lines.len());
    for line in lines {
        println!("  {line}");
    }
    println!("another store: {}", name_of(&runtime.secrets("elsewhere").get("token").wait()));
    Ok(())
}
