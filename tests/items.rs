//! Configuration items: the same resource in any encoding is the same item, whatever is recorded,
//! damaged, cut or generated.

#[path = "items/damage.rs"]
mod damage;
#[path = "items/encodings.rs"]
mod encodings;
#[path = "items/generated.rs"]
mod generated;
#[path = "items/normal.rs"]
mod normal;
#[path = "items/recorded.rs"]
mod recorded;
